using System.Globalization;
using BoundedCache.Charts;
using BoundedCache.Comparisons.Output;
using BoundedCache.Harness;

namespace BoundedCache.Comparisons.Throughput;

/// <summary>What <see cref="ThroughputRun"/> found, for people.</summary>
internal static class ThroughputReport
{
    public static string Text(IReadOnlyList<ThroughputRow> rows) => TextTables.Write(
        [
            "cache", "Mops/s", "x first", "hit ratio", "GC pause ms", "gen0/1/2", "CPU s", "bytes/entry", "over limit",
            "sets refused", "stored Msets/s",
        ],
        rows.GroupBy(static row => row.Load)
            .Select(group => (group.Key, group.Select(row => Cells(row, group.First())))));

    public static string Picture(IReadOnlyList<ThroughputRow> rows, RunStamp stamp) => SvgBarWriter.Write(new BarFigure
    {
        Title = "Million operations a second (longer is better)",
        Subtitle = $"medians, each cache in processes of its own; {stamp.Runtime}, {stamp.Processors} cores, "
            + $"commit {stamp.Commit}",
        Description = "Throughput of each cache under each load. " + string.Join(' ', rows.Select(static row =>
            string.Create(
                CultureInfo.InvariantCulture, $"{row.Load}: {row.Peer} {row.Median.OpsPerSecond / 1e6:N2}."))),
        Groups =
        [
            .. rows.GroupBy(static row => row.Load)
                .Select(static group => new BarGroup(group.Key, [.. group.Select(static row => new Bar(
                    row.Peer,
                    row.Median.OpsPerSecond,
                    Describe(row.Median)))])),
        ],
    });

    private static string Describe(ThroughputSample sample) => string.Create(
        CultureInfo.InvariantCulture,
        $"{sample.OpsPerSecond / 1e6:N2}{(sample.Refused > 0.001 ? $", refused {sample.Refused:P0} of sets" : "")}");

    private static string[] Cells(ThroughputRow row, ThroughputRow first) =>
    [
        row.Peer,
        $"{row.Median.OpsPerSecond / 1e6:N2}",
        $"{row.Median.OpsPerSecond / first.Median.OpsPerSecond:N2}",
        row.Median.HitRatio is { } hits ? $"{hits:P2}" : "-",
        $"{row.Median.GCPauseMilliseconds:N1}",
        $"{row.Median.Gen0}/{row.Median.Gen1}/{row.Median.Gen2}",
        $"{row.Median.CpuSeconds:N2}",
        $"{row.Median.BytesPerEntry:N0}",
        row.Median.OverLimit is { } over ? $"{over:P1}" : "no limit",
        row.Median.Refused is { } refused ? $"{refused:P1}" : "-",
        $"{row.Median.StoredPerSecond / 1e6:N2}",
    ];
}
