namespace BoundedCache.Charts;

/// <summary>A value at a time.</summary>
/// <param name="Time">Since the chart's beginning; not negative.</param>
/// <param name="Value">The value in the unit of its panel; negative ones are drawn as zero.</param>
public readonly record struct ChartPoint(TimeSpan Time, long Value);
