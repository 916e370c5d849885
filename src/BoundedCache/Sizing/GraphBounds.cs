namespace BoundedCache.Sizing;

/// <summary>How much of one object graph is looked at before the rest is extrapolated.</summary>
/// <param name="MaxObjects">
/// Distinct objects visited in one measurement; at least 1. A walk that has come so far ends with the element it is in,
/// so that only whole elements are scaled up; but see <see cref="MaxConnectedObjects"/>.
/// </param>
/// <param name="MaxTime">
/// Time spent in one measurement, looked at every hundred steps or so, from the first look on. Learning a
/// type for the first time is not charged against it: it happens once per type, and would make the first
/// value of each type an estimate.
/// </param>
internal readonly record struct GraphBounds(int MaxObjects, TimeSpan MaxTime)
{
    private const int ConnectedFactor = 6;

    /// <summary>10,000 objects, 5 ms.</summary>
    public static GraphBounds Default { get; } = new(10_000, TimeSpan.FromMilliseconds(5));

    /// <summary>
    /// Distinct objects visited where no end of an element comes: 60,000 by default, for some 3 MB of the walk's own
    /// memory. A list or tree of the application's own nodes, or elements that all know each other, show no length that
    /// what was seen could be scaled to.
    /// </summary>
    public int MaxConnectedObjects => (int)Math.Min(int.MaxValue, (long)MaxObjects * ConnectedFactor);
}
