namespace BoundedCache.Charts;

/// <summary>One quantity over time, in the unit of its panel.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Style">How it is drawn.</param>
/// <param name="Points">Its values in the order of time.</param>
public sealed record ChartSeries(string Name, SeriesStyle Style, IReadOnlyList<ChartPoint> Points);
