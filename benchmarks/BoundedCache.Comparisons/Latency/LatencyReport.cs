using System.Globalization;
using BoundedCache.Charts;
using BoundedCache.Comparisons.Output;
using BoundedCache.Harness;

namespace BoundedCache.Comparisons.Latency;

/// <summary>What <see cref="LatencyRun"/> found, for people.</summary>
internal static class LatencyReport
{
    public static string Text(IReadOnlyList<LatencyRow> rows) => TextTables.Write(
        [
            "us from when it was due", "p50", "p99", "p99.9", "p99.99", "max", "GC pauses ms", "longest", "GCs",
            "event ms", "entries before", "after",
        ],
        rows.GroupBy(static row => row.Situation).Select(static group =>
            ($"{group.Key}, {group.First().Rate:N0} operations a second", group.Select(Cells))));

    public static string Picture(IReadOnlyList<LatencyRow> rows, RunStamp stamp) => SvgBarWriter.Write(new BarFigure
    {
        Title = "The longest an operation took, in milliseconds (shorter is better)",
        Subtitle = $"fixed rate, from the time it was due; GC pauses included; {stamp.Runtime}, "
            + $"{stamp.Processors} cores, commit {stamp.Commit}",
        Description = "Maximum latency of each cache in each situation. " + string.Join(' ', rows.Select(static row =>
            string.Create(CultureInfo.InvariantCulture, $"{row.Situation}: {row.Peer} {row.Sample.Max / 1000:N1}."))),
        Groups =
        [
            .. rows.GroupBy(static row => row.Situation)
                .Select(static group => new BarGroup(group.Key, [.. group.Select(static row => new Bar(
                    row.Peer,
                    row.Sample.Max,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{row.Sample.Max / 1000:N1} (longest GC pause "
                            + $"{row.Sample.LongestGCPauseMilliseconds:N1})")))])),
        ],
    });

    private static string[] Cells(LatencyRow row) =>
    [
        row.Peer,
        $"{row.Sample.P50:N2}",
        $"{row.Sample.P99:N1}",
        $"{row.Sample.P999:N0}",
        $"{row.Sample.P9999:N0}",
        $"{row.Sample.Max:N0}",
        $"{row.Sample.GCPauseMilliseconds:N1}",
        $"{row.Sample.LongestGCPauseMilliseconds:N1}",
        $"{row.Sample.Collections}",
        $"{row.Sample.EventMilliseconds:N0}",
        $"{row.Sample.EntriesBefore:N0}",
        $"{row.Sample.EntriesAfter:N0}",
    ];
}
