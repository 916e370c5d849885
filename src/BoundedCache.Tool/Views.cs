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

    public void Caches(Uri url, Answer answer) => Caches(url, answer, null, 0);

    /// <param name="url">The service.</param>
    /// <param name="answer">What it answers.</param>
    /// <param name="before">What it answered before; null for nothing.</param>
    /// <param name="seconds">The time since then.</param>
    public void Caches(Uri url, Answer answer, Answer? before, double seconds)
    {
        Table table = TableOf("Cache", "Full", "Used", "Limit", "Now", "Entries", "Hit ratio", "Evictions");
        foreach (Answer cache in answer["caches"].Items.OrderByDescending(Share))
        {
            string name = cache["name"].Text;
            Answer? last = before?["caches"].Items.Cast<Answer?>()
                .FirstOrDefault(each => each!.Value["name"].Text == name);
            bool isDeclared = cache["sizing"].Text == "declared";
            AddRow(
                table,
                name,
                Percent(Share(cache)),
                Amount(cache["usedBytes"], isDeclared),
                Amount(cache["maxBytes"], isDeclared),
                Amount(cache["effectiveMaxBytes"], isDeclared),
                Count(cache["count"]),
                HitRatio(cache, last),
                last is { } earlier
                    ? string.Create(
                        CultureInfo.InvariantCulture, $"{(Evicted(cache) - Evicted(earlier)) / seconds:0.#}/s")
                    : Count(Evicted(cache)));
        }

        output.WriteLine(Headline(url, answer));
        if (answer["advice"].TextOrNull is { } advice)
        {
            output.WriteLine(advice);
        }

        Write(table);
    }

    public void Report(Uri url, Answer report)
    {
        string[] advice = [.. report["advice"].Items.Select(static advice => advice.Text)];
        output.WriteLine($"{url}: {report["summary"].Text}");
        Array.ForEach(advice, each => output.WriteLine($"  {each}"));
    }

    public void Removal(Uri url, Answer removal) => output.WriteLine(
        $"{url}: {removal["cacheName"].Text}: {Count(removal["entriesRemoved"])} entries removed, "
            + $"{Size(removal["bytesRemoved"])}; {Count(removal["count"])} left, {Size(removal["usedBytes"])}");

    public void Memory(Uri url, Answer report)
    {
        Table table = TableOf("Part", "Size", "Where the figure comes from");
        table.Columns[2].Alignment = Justify.Left;
        foreach (Answer row in report["rows"].Items)
        {
            AddRow(
                table,
                row["kind"].Text,
                $"{(row["isEstimate"].IsTrue ? "~" : "")}{Size(row["bytes"])}",
                row["basis"].Text);
        }

        string[] findings =
        [
            .. report["findings"].Items.Select(static finding => $"- {finding["text"].Text} {finding["advice"].Text}"),
        ];
        output.WriteLine(report["isResidentUnknown"].IsTrue
            ? $"{url}: RSS is unknown"
            : $"{url}: RSS {Size(report["residentBytes"])}, managed heap {Size(report["heapBytes"])}");
        Write(table);
        Array.ForEach(findings, output.WriteLine);
    }

    public void Contents(Uri url, Answer contents)
    {
        var tables = new List<Table>();
        foreach ((string heading, string member) in ((string, string)[])[
            ("Type of value", "types"), ("Keys that begin with", "keyPrefixes")])
        {
            if (contents[member].IsMissing || contents[member].Items is not { Count: > 0 } rows)
            {
                continue;
            }

            Table table = TableOf(heading, "Size", "Share", "Entries");
            foreach (Answer row in rows)
            {
                AddRow(
                    table, row["name"].Text, Size(row["bytes"]), Percent(row["share"].Fraction), Count(row["entries"]));
            }

            tables.Add(table);
        }

        string name = contents["cacheName"].Text;
        output.WriteLine(contents["isKnown"].IsTrue
            ? $"{url}: {name}: from {Count(contents["sampledEntries"])} of {Count(contents["entries"])} entries"
            : $"{url}: {name}: what it holds is not known for this kind of cache");
        tables.ForEach(Write);
    }

    public void Changes(Uri url, Answer history, string? name)
    {
        Answer[] changes =
        [
            .. history["changes"].Items.Where(change => name is null || change["cacheName"].TextOrNull == name),
        ];
        Table table = TableOf("Time", "Cache", "Change", "By", "Outcome");
        foreach (Answer change in changes)
        {
            AddRow(
                table,
                change["time"].Time.ToString("u", CultureInfo.InvariantCulture),
                change["cacheName"].TextOrNull ?? "all",
                change["kind"].Text switch
                {
                    "limit" => $"limit {Size(change["oldMaxBytes"])} -> {Size(change["newMaxBytes"])}",
                    var kind when !change["entriesRemoved"].IsMissing =>
                        $"{kind}: {Count(change["entriesRemoved"])} entries removed",
                    var kind => kind,
                },
                change["who"].Text,
                change["outcome"].TextOrNull ?? "under way");
        }

        output.WriteLine($"{url}: {history["samples"].Items.Count} samples (--csv writes them), "
            + $"{changes.Length} changes");
        if (changes.Length > 0)
        {
            Write(table);
        }
    }

    public void Csv(Uri url, Answer history, string? name, bool isFirst)
    {
        var lines = new List<string>();
        if (isFirst)
        {
            lines.Add("url,time,resident_bytes,committed_bytes,live_bytes,cache,used_bytes,max_bytes,"
                + "effective_max_bytes,entries,hits,misses,evicted");
        }

        foreach (Answer sample in history["samples"].Items)
        {
            foreach (Answer cache in sample["caches"].Items
                .Where(cache => name is null || cache["name"].Text == name))
            {
                Answer[] values =
                [
                    sample["time"], sample["residentBytes"], sample["committedBytes"], sample["liveBytes"],
                    cache["name"], cache["usedBytes"], cache["maxBytes"], cache["effectiveMaxBytes"], cache["count"],
                    cache["hits"], cache["misses"], cache["evicted"],
                ];
                lines.Add(string.Join(',', values.Select(static value => value.ToCsv()).Prepend(url.ToString())));
            }
        }

        lines.ForEach(output.WriteLine);
    }

    private static string Headline(Uri url, Answer answer)
    {
        Answer service = answer["service"];
        Answer room = answer["room"];
        string of = room["containerBytes"].NumberOrNull is { } container
            ? $" of the container's {ByteSize.Format(container)}"
            : room["machineBytes"].NumberOrNull is { } machine ? $" of the machine's {ByteSize.Format(machine)}" : "";
        string version = service["version"].TextOrNull is { } text ? $" {text}" : "";
        return $"{service["name"].Text}{version} at {url}: PID {service["processId"].Number} on "
            + $"{service["machine"].Text}, since "
            + service["started"].Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
            + $" UTC, RSS {ByteSize.Format(answer["process"]["residentBytes"].Number)}{of}";
    }

    private static void AddRow(Table table, params IEnumerable<string> cells) =>
        table.AddRow([.. cells.Select(Markup.Escape)]);

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

    private static double Share(Answer cache) => cache["usedBytes"].Fraction / Math.Max(1, cache["maxBytes"].Fraction);

    private static long Evicted(Answer cache) =>
        cache["evictions"]["capacity"]["entries"].Number + cache["evictions"]["shrink"]["entries"].Number;

    /// <summary>Since the last look, or since the cache was made.</summary>
    private static string HitRatio(Answer cache, Answer? last)
    {
        if (cache["hits"].NumberOrNull is not { } hits)
        {
            return "not counted";
        }

        double hit = hits - (last?["hits"].NumberOrNull ?? 0);
        double missed = cache["misses"].Number - (last?["misses"].NumberOrNull ?? 0);
        return hit + missed > 0 ? Percent(hit / (hit + missed)) : "-";
    }

    private static string Amount(Answer bytes, bool isDeclared) => isDeclared ? Count(bytes) : Size(bytes);

    private static string Size(Answer bytes) => ByteSize.Format(bytes.Number);

    private static string Count(Answer number) => Count(number.Number);

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Percent(double share) =>
        string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#} %");
}
