using System.Globalization;
using Spectre.Console;
using static BoundedCache.Tool.Figures;

namespace BoundedCache.Tool;

/// <summary>A service's history: who changed what as a table, samples as CSV.</summary>
internal sealed class HistoryViews(TextWriter output, Sizings sizings)
{
    private bool _hasNames;

    public void Changes(Uri url, Answer history, string? name)
    {
        Answer[] changes =
        [
            .. history["changes"].Items.Where(change => name is null || change["cacheName"].TextOrNull == name),
        ];
        Table table = Tables.Create("Time", "Cache", "Change", "By", "Outcome");
        foreach (Answer change in changes)
        {
            bool isDeclared = sizings.IsDeclared(url, change["cacheName"].TextOrNull, change);
            Tables.AddRow(
                table,
                change["time"].Time.ToString("u", CultureInfo.InvariantCulture),
                change["cacheName"].TextOrNull ?? "all",
                change["kind"].Text switch
                {
                    "limit" => $"limit {Amount(change["oldMaxBytes"], isDeclared)} -> "
                        + Amount(change["newMaxBytes"], isDeclared),
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
            Tables.Write(output, table);
        }
    }

    /// <summary>Samples as CSV; the line of names once, above the first service that answered.</summary>
    public void Csv(Uri url, Answer history, string? name)
    {
        var lines = new List<string>();
        if (!_hasNames)
        {
            _hasNames = true;
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
                lines.Add(string.Join(',', values.Select(static value => value.ToCsv())
                    .Prepend(Answer.Csv(url.ToString()))));
            }
        }

        lines.ForEach(output.WriteLine);
    }
}
