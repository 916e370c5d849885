namespace BoundedCache.Sizing;

/// <summary>How much of one object graph is looked at before the rest is extrapolated.</summary>
/// <remarks>No clock: the same value is charged the same each time, also on a busy machine.</remarks>
/// <param name="MaxObjects">
/// Distinct objects visited in one measurement; at least 1. The walk completes the element that it is in, so that only
/// whole elements are scaled up, but goes no further than <see cref="MaxConnectedObjects"/>.
/// </param>
internal readonly record struct GraphBounds(int MaxObjects)
{
    private const int ConnectedFactor = 6;
    private const int LinkedFactor = 10;
    private const int StepsPerObject = 50;
    private const int CountedElementsPerObject = 2;

    /// <summary>10,000 objects.</summary>
    public static GraphBounds Default { get; } = new(10_000);

    /// <summary>
    /// Distinct objects visited where an element does not end: 60,000 by default, in about 4 MB of the walk's own
    /// memory. For elements that are long chains, or all refer to each other, there is no length to which the visited
    /// part could be scaled.
    /// </summary>
    public int MaxConnectedObjects => (int)Math.Min(int.MaxValue, (long)MaxObjects * ConnectedFactor);

    /// <summary>
    /// Elements of large arrays of a value that is counted: 20,000 by default. With more, it is sampled at once.
    /// </summary>
    public long MaxCountedElements => (long)MaxObjects * CountedElementsPerObject;

    /// <summary>
    /// Objects counted of a value that is nothing but linked nodes: 100,000 by default, in 2 MB. Counting is cheaper
    /// than sampling.
    /// </summary>
    public long MaxLinkedObjects => (long)MaxObjects * LinkedFactor;

    /// <summary>
    /// Objects and elements of large arrays looked at, also elements that are null or lead to known objects: 500,000 by
    /// default.
    /// </summary>
    public long MaxSteps => (long)MaxObjects * StepsPerObject;

    /// <summary>The same where an element does not end.</summary>
    public long MaxConnectedSteps => MaxSteps * ConnectedFactor;
}
