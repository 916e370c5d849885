namespace BoundedCache.Charts;

/// <summary>A stretch of time with a name: a band behind the lines, numbered in the plot and named below it.</summary>
/// <param name="Label">What happened in it.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="End">Where it ends; not before <paramref name="Start"/>.</param>
public sealed record ChartStage(string Label, TimeSpan Start, TimeSpan End);
