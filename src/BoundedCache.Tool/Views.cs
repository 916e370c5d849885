using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;
using static BoundedCache.Tool.Figures;

namespace BoundedCache.Tool;

/// <summary>Answers of services as tables and sentences for a terminal.</summary>
internal sealed class Views(TextWriter output, Sizings sizings)
{
    /// <summary>The parts of a memory report, in the words of the admin page.</summary>
    private static readonly Dictionary<string, string> s_parts = new()
    {
        ["cache"] = "Caches",
        ["otherLive"] = "Other live objects",
        ["dead"] = "Dead, not collected yet",
        ["fragmentation"] = "Holes between objects",
        ["unused"] = "Unused heap",
        ["native"] = "Native",
        ["fileMapped"] = "Mapped files",
        ["unfinishedEntries"] = "Values not finished",
        ["yielded"] = "Given up under pressure",
    };

    private static readonly JsonSerializerOptions s_json = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public string Preview(Uri url, Answer preview)
    {
        string name = preview["cacheName"].Text;
        long entries = preview["entriesToEvict"].Number;
        string evicts = entries == 0
            ? "Evicts nothing."
            : $"Evicts about {Count(entries)} entries, {AmountOf("bytesToEvict")}.";
        return $"The limit of “{name}” goes from {AmountOf("oldMaxBytes")} to {AmountOf("newMaxBytes")}. {evicts}"
            + (preview["advice"].TextOrNull is { } advice ? $" {advice}" : "");

        string AmountOf(string member) => Amount(preview[member], sizings.IsDeclared(url, name, preview));
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
        Table table = Tables.Create("Cache", "Full", "Used", "Limit", "Now", "Entries", "Hit ratio", "Evictions");
        foreach (Answer cache in answer["caches"].Items.OrderByDescending(Share))
        {
            string name = cache["name"].Text;
            Answer? last = before?["caches"].Items.Cast<Answer?>()
                .FirstOrDefault(each => each!.Value["name"].Text == name);
            bool isDeclared = sizings.IsDeclared(url, name, cache.With("sizing"));
            Tables.AddRow(
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

        Tables.Write(output, table);
    }

    public void Report(Uri url, Answer report)
    {
        string[] advice = [.. report["advice"].Items.Select(static advice => advice.Text)];
        output.WriteLine($"{url}: {report["summary"].Text}");
        Array.ForEach(advice, each => output.WriteLine($"  {each}"));
    }

    public void Removal(Uri url, Answer removal)
    {
        string name = removal["cacheName"].Text;
        bool isDeclared = sizings.IsDeclared(url, name, removal);
        output.WriteLine($"{url}: {name}: {Count(removal["entriesRemoved"])} entries removed, "
            + $"{Amount(removal["bytesRemoved"], isDeclared)}; {Count(removal["count"])} left, "
            + $"{Amount(removal["usedBytes"], isDeclared)}");
    }

    public void Memory(Uri url, Answer report)
    {
        Table table = Tables.Create("Part", "Size", "Where the figure comes from");
        table.Columns[2].Alignment = Justify.Left;
        foreach (Answer row in report["rows"].Items)
        {
            Tables.AddRow(
                table,
                s_parts.GetValueOrDefault(row["kind"].Text, row["kind"].Text),
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
        Tables.Write(output, table);
        Array.ForEach(findings, output.WriteLine);
    }

    public void Contents(Uri url, Answer contents)
    {
        string name = contents["cacheName"].Text;
        bool isDeclared = sizings.IsDeclared(url, name, contents);
        var tables = new List<Table>();
        foreach ((string heading, string member) in ((string, string)[])[
            ("Type of value", "types"), ("Keys that begin with", "keyPrefixes")])
        {
            if (contents[member].IsMissing || contents[member].Items is not { Count: > 0 } rows)
            {
                continue;
            }

            Table table = Tables.Create(heading, "Size", "Share", "Entries");
            foreach (Answer row in rows)
            {
                Tables.AddRow(
                    table,
                    row["name"].Text,
                    Amount(row["bytes"], isDeclared),
                    Percent(row["share"].Fraction),
                    Count(row["entries"]));
            }

            tables.Add(table);
        }

        output.WriteLine(contents["isKnown"].IsTrue
            ? $"{url}: {name}: from {Count(contents["sampledEntries"])} of {Count(contents["entries"])} entries"
            : $"{url}: {name}: what it holds is not known for this kind of cache");
        tables.ForEach(each => Tables.Write(output, each));
    }

    private static string Headline(Uri url, Answer answer)
    {
        Answer service = answer["service"];
        Answer room = answer["room"];
        string of = room["containerBytes"].NumberOrNull is { } container
            ? $" of the container's {ByteSize.Format(container)}"
            : room["machineBytes"].NumberOrNull is { } machine ? $" of the machine's {ByteSize.Format(machine)}" : "";
        Answer process = answer["process"];
        string resident = !process["isResidentUnknown"].IsMissing && process["isResidentUnknown"].IsTrue
            ? "RSS unknown"
            : $"RSS {Size(process["residentBytes"])}{of}";
        string version = service["version"].TextOrNull is { } text ? $" {text}" : "";
        return $"{service["name"].Text}{version} at {url}: PID {service["processId"].Number} on "
            + $"{service["machine"].Text}, since "
            + service["started"].Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
            + $" UTC, {resident}";
    }

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
}
