using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace BoundedCache.Tool;

/// <summary>Answers of services as tables and sentences for a terminal.</summary>
internal sealed class Views(TextWriter output)
{
    private const int WidthOfFiles = 160;

    private static readonly JsonSerializerOptions s_json = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>A console on a writer. Where it is no terminal, tables are as wide as they need to be.</summary>
    public static IAnsiConsole ConsoleOn(TextWriter output)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = WidthOfFiles;
        }

        return console;
    }

    /// <summary>Writes an object as one line.</summary>
    public void Json(JsonObject line) => output.WriteLine(line.ToJsonString(s_json));

    public void Caches(Uri url, JsonNode answer) => Caches(url, answer, null, 0);

    /// <param name="url">The service.</param>
    /// <param name="answer">What it answers.</param>
    /// <param name="before">What it answered before; null for nothing.</param>
    /// <param name="seconds">The time since then.</param>
    public void Caches(Uri url, JsonNode answer, JsonNode? before, double seconds)
    {
        JsonNode service = answer["service"]!;
        DateTimeOffset started = service["started"]!.GetValue<DateTimeOffset>();
        long resident = answer["process"]!["residentBytes"]!.GetValue<long>();
        string room = answer["room"]!["containerBytes"] is { } container
            ? $" of the container's {Size(container)}"
            : answer["room"]!["machineBytes"] is { } machine ? $" of the machine's {Size(machine)}" : "";
        output.WriteLine($"{service["name"]} {service["version"]} at {url}: PID {service["processId"]} on "
            + $"{service["machine"]}, since "
            + started.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
            + $" UTC, RSS {ByteSize.Format(resident)}{room}");
        if (answer["advice"] is { } advice)
        {
            output.WriteLine(advice.GetValue<string>());
        }

        Table table = TableOf("Cache", "Full", "Used", "Limit", "Now", "Entries", "Hit ratio", "Evictions");
        foreach (JsonNode cache in answer["caches"]!.AsArray().Select(static cache => cache!)
            .OrderByDescending(static cache => Share(cache)))
        {
            JsonNode? last = before?["caches"]?.AsArray().FirstOrDefault(each =>
                each!["name"]!.GetValue<string>() == cache["name"]!.GetValue<string>());
            bool isDeclared = cache["sizing"]!.GetValue<string>() == "declared";
            table.AddRow([.. new[]
            {
                cache["name"]!.GetValue<string>(),
                Percent(Share(cache)),
                Amount(cache["usedBytes"]!, isDeclared),
                Amount(cache["maxBytes"]!, isDeclared),
                Amount(cache["effectiveMaxBytes"]!, isDeclared),
                Count(cache["count"]!),
                HitRatio(cache, last),
                last is null
                    ? Count(cache["evictions"]!["capacity"]!["entries"]!)
                    : string.Create(
                        CultureInfo.InvariantCulture, $"{(Evicted(cache) - Evicted(last)) / seconds:0.#}/s"),
            }.Select(Markup.Escape)]);
        }

        Write(table);
    }

    public void Report(Uri url, JsonNode report)
    {
        output.WriteLine($"{url}: {report["summary"]}");
        foreach (JsonNode? advice in report["advice"]!.AsArray())
        {
            output.WriteLine($"  {advice}");
        }
    }

    public void Removal(Uri url, JsonNode removal) => output.WriteLine(
        $"{url}: {removal["cacheName"]}: {Count(removal["entriesRemoved"]!)} entries removed, "
            + $"{Size(removal["bytesRemoved"]!)}; {Count(removal["count"]!)} left, {Size(removal["usedBytes"]!)}");

    public void Memory(Uri url, JsonNode report)
    {
        output.WriteLine(report["isResidentUnknown"]!.GetValue<bool>()
            ? $"{url}: RSS is unknown"
            : $"{url}: RSS {Size(report["residentBytes"]!)}, managed heap {Size(report["heapBytes"]!)}");
        Table table = TableOf("Part", "Size", "Where the figure comes from");
        table.Columns[2].Alignment = Justify.Left;
        foreach (JsonNode? row in report["rows"]!.AsArray())
        {
            table.AddRow([.. new[]
            {
                row!["kind"]!.GetValue<string>(),
                $"{(row["isEstimate"]!.GetValue<bool>() ? "~" : "")}{Size(row["bytes"]!)}",
                row["basis"]!.GetValue<string>(),
            }.Select(Markup.Escape)]);
        }

        Write(table);
        foreach (JsonNode? finding in report["findings"]!.AsArray())
        {
            output.WriteLine($"- {finding!["text"]} {finding["advice"]}");
        }
    }

    public void Contents(Uri url, JsonNode contents)
    {
        output.WriteLine(contents["isKnown"]!.GetValue<bool>()
            ? $"{url}: {contents["cacheName"]}: from {Count(contents["sampledEntries"]!)} of "
                + $"{Count(contents["entries"]!)} entries"
            : $"{url}: {contents["cacheName"]}: what it holds is not known for this kind of cache");
        foreach ((string heading, string member) in ((string, string)[])[
            ("Type of value", "types"), ("Keys that begin with", "keyPrefixes")])
        {
            if (contents[member] is not JsonArray { Count: > 0 } rows)
            {
                continue;
            }

            Table table = TableOf(heading, "Size", "Share", "Entries");
            foreach (JsonNode? row in rows)
            {
                table.AddRow([.. new[]
                {
                    row!["name"]!.GetValue<string>(), Size(row["bytes"]!), Percent(row["share"]!.GetValue<double>()),
                    Count(row["entries"]!),
                }.Select(Markup.Escape)]);
            }

            Write(table);
        }
    }

    public void Changes(Uri url, JsonNode history, string? name)
    {
        JsonNode?[] changes =
        [
            .. history["changes"]!.AsArray()
                .Where(change => name is null || change!["cacheName"]?.GetValue<string>() == name),
        ];
        output.WriteLine($"{url}: {history["samples"]!.AsArray().Count} samples (--csv writes them), "
            + $"{changes.Length} changes");
        Table table = TableOf("Time", "Cache", "Change", "By", "Outcome");
        foreach (JsonNode? change in changes)
        {
            string what = change!["kind"]!.GetValue<string>() switch
            {
                "limit" => $"limit {Size(change["oldMaxBytes"]!)} -> {Size(change["newMaxBytes"]!)}",
                var kind when change["entriesRemoved"] is { } removed => $"{kind}: {Count(removed)} entries removed",
                var kind => kind,
            };
            table.AddRow([.. new[]
            {
                change["time"]!.GetValue<DateTimeOffset>().ToString("u", CultureInfo.InvariantCulture),
                change["cacheName"]?.GetValue<string>() ?? "all",
                what,
                change["who"]!.GetValue<string>(),
                change["outcome"]?.GetValue<string>() ?? "under way",
            }.Select(Markup.Escape)]);
        }

        if (changes.Length > 0)
        {
            Write(table);
        }
    }

    public void Csv(Uri url, JsonNode history, string? name, bool isFirst)
    {
        if (isFirst)
        {
            output.WriteLine("url,time,resident_bytes,committed_bytes,live_bytes,cache,used_bytes,max_bytes,"
                + "effective_max_bytes,entries,hits,misses,evicted");
        }

        foreach (JsonNode? sample in history["samples"]!.AsArray())
        {
            foreach (JsonNode? cache in sample!["caches"]!.AsArray())
            {
                if (name is null || cache!["name"]!.GetValue<string>() == name)
                {
                    output.WriteLine(string.Join(',', ((JsonNode?[])[
                        url.ToString(), sample["time"], sample["residentBytes"], sample["committedBytes"],
                        sample["liveBytes"], cache!["name"], cache["usedBytes"], cache["maxBytes"],
                        cache["effectiveMaxBytes"], cache["count"], cache["hits"], cache["misses"], cache["evicted"]])
                        .Select(static value => Quote(value?.ToString() ?? ""))));
                }
            }
        }
    }

    private static Table TableOf(string first, params string[] others)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn(first).NoWrap());
        foreach (string other in others)
        {
            table.AddColumn(new TableColumn(other) { Alignment = Justify.Right });
        }

        return table;
    }

    private void Write(Table table) => ConsoleOn(output).Write(table);

    private static string Quote(string value) =>
        value.AsSpan().IndexOfAny(",\"\r\n") < 0
            ? value
            : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static double Share(JsonNode cache) =>
        cache["usedBytes"]!.GetValue<double>() / Math.Max(1, cache["maxBytes"]!.GetValue<double>());

    private static long Evicted(JsonNode cache) =>
        cache["evictions"]!["capacity"]!["entries"]!.GetValue<long>()
        + cache["evictions"]!["shrink"]!["entries"]!.GetValue<long>();

    /// <summary>Since the last look, or since the cache was made.</summary>
    private static string HitRatio(JsonNode cache, JsonNode? last)
    {
        if (cache["hits"] is not { } hits)
        {
            return "not counted";
        }

        double hit = hits.GetValue<long>() - (last?["hits"]?.GetValue<long>() ?? 0);
        double missed = cache["misses"]!.GetValue<long>() - (last?["misses"]?.GetValue<long>() ?? 0);
        return hit + missed > 0 ? Percent(hit / (hit + missed)) : "-";
    }

    private static string Amount(JsonNode bytes, bool isDeclared) => isDeclared ? Count(bytes) : Size(bytes);

    private static string Size(JsonNode bytes) => ByteSize.Format(bytes.GetValue<long>());

    private static string Count(JsonNode number) =>
        number.GetValue<long>().ToString("N0", CultureInfo.InvariantCulture);

    private static string Percent(double share) =>
        string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#} %");
}
