using BoundedCache.Comparisons.Output;

namespace BoundedCache.Comparisons.HitRatio;

/// <summary>What <see cref="HitRatioRun"/> found, for people.</summary>
internal static class HitRatioReport
{
    public static string Text(IReadOnlyList<HitRatioRow> rows) => TextTables.Write(
        ["cache", "miss ratio", "above textbook", "byte miss ratio", "above textbook", "misses"],
        rows.GroupBy(static row => (row.Trace, row.LimitBytes)).Select(static group =>
            ($"{group.Key.Trace}, limit {ByteSize.Format(group.Key.LimitBytes)}", group.Select(
                row => Cells(row, group.First())))));

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
