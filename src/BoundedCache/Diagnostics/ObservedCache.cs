namespace BoundedCache.Diagnostics;

/// <summary>A cache as a meter knows it: held weakly, with the numbers that were last read from it.</summary>
internal sealed class ObservedCache(BoundedMemoryCache cache, int numbers)
{
    private readonly WeakReference<BoundedMemoryCache> _cache = new(cache);

    public string Name { get; } = cache.Name;

    /// <summary>
    /// The numbers of all instruments as last read: what remains of a cache that was collected, so that the counters of
    /// others with its name do not fall. Under the lock of <see cref="ObservedCaches"/>.
    /// </summary>
    public long[] Numbers { get; } = new long[numbers];

    public BoundedMemoryCache? Cache => _cache.TryGetTarget(out BoundedMemoryCache? cache) ? cache : null;
}
