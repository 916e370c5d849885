namespace BoundedCache.LoadService.Items;

/// <summary>
/// How often an item was found in the cache, and how often not; and whether the cache gets what it did not have.
/// </summary>
internal sealed class ItemTraffic
{
    private long _hits;
    private long _misses;
    private bool _stores = true;

    /// <summary>
    /// Whether items that were not found are stored. Without that, this is the same service under the same
    /// load with an empty cache.
    /// </summary>
    public bool Stores
    {
        get => Volatile.Read(ref _stores);
        set => Volatile.Write(ref _stores, value);
    }

    public long Hits => Volatile.Read(ref _hits);

    public long Misses => Volatile.Read(ref _misses);

    public void Add(bool isHit) => Interlocked.Increment(ref isHit ? ref _hits : ref _misses);
}
