namespace BoundedCache.Charts;

/// <summary>A point worth a word.</summary>
/// <param name="SeriesName">The series it lies on.</param>
/// <param name="Point">Where.</param>
/// <param name="Text">The word, usually the value.</param>
public sealed record ChartCallout(string SeriesName, ChartPoint Point, string Text);
