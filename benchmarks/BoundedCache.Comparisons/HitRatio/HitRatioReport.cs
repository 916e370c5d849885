using System.Globalization;
using BoundedCache.Charts;
using BoundedCache.Comparisons.Output;
using BoundedCache.Harness;

namespace BoundedCache.Comparisons.HitRatio;

/// <summary>What <see cref="HitRatioRun"/> found, for people.</summary>
internal static class HitRatioReport
{
    public static string Text(IReadOnlyList<HitRatioRow> rows) => TextTables.Write(
        ["cache", "miss ratio", "above textbook", "byte miss ratio", "above textbook", "misses"],
        rows.GroupBy(Label).Select(static group => (group.Key, group.Select(row => Cells(row, group.First())))));

    public static string Picture(IReadOnlyList<HitRatioRow> rows, RunStamp stamp) => SvgBarWriter.Write(new BarFigure
    {
        Title = "Misses of all requests (shorter is better)",
        Subtitle = $"one request after the other, each cache within the same limit; {stamp.Runtime}, "
            + $"commit {stamp.Commit}",
        Description = "Miss ratio of each cache on each trace. " + string.Join(' ', rows.Select(static row =>
            string.Create(
                CultureInfo.InvariantCulture, $"{Label(row)}: {row.Cache} {row.MissRatio * 100:N2} %."))),
        Groups =
        [
            .. rows.GroupBy(Label).Select(static group => new BarGroup(
                group.Key, [.. group.Select(static row => new Bar(
                row.Cache,
                row.MissRatio,
                string.Create(CultureInfo.InvariantCulture, $"{row.MissRatio * 100:N2} %")))])),
        ],
    });

    /// <summary>Trace and limit: a number of entries where every request has a size of one.</summary>
    private static string Label(HitRatioRow row) => row.RequestedBytes == row.Requests
        ? $"{row.Trace}, limit {row.LimitBytes:N0} entries"
        : $"{row.Trace}, limit {ByteSize.Format(row.LimitBytes)}";

    private static string[] Cells(HitRatioRow row, HitRatioRow textbook) =>
    [
        row.Cache,
        $"{row.MissRatio:P2}",
        $"{(row.MissRatio - textbook.MissRatio) * 100:+0.00;-0.00;0.00} points",
        $"{row.ByteMissRatio:P2}",
        $"{(row.ByteMissRatio - textbook.ByteMissRatio) * 100:+0.00;-0.00;0.00} points",
        $"{row.Misses:N0}",
    ];
}
