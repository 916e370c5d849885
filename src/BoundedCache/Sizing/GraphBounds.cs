namespace BoundedCache.Sizing;

/// <summary>How much of one object graph is looked at before the rest is extrapolated.</summary>
/// <param name="MaxObjects">Distinct objects visited in one measurement; at least 1.</param>
/// <param name="MaxTime">
/// Time spent in one measurement, looked at every few hundred steps. Learning a type for the first time is not charged
/// against it: it happens once per type, and would make the first value of each type an estimate.
/// </param>
internal readonly record struct GraphBounds(int MaxObjects, TimeSpan MaxTime)
{
    /// <summary>10,000 objects, 5 ms.</summary>
    public static GraphBounds Default { get; } = new(10_000, TimeSpan.FromMilliseconds(5));
}
