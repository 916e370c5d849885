namespace BoundedCache;

/// <summary>Which entries a full cache evicts first.</summary>
public enum EvictionPolicy
{
    /// <summary>The least recently used entry, exactly: the one whose last use is the longest ago.</summary>
    LeastRecentlyUsed = 0,

    /// <summary>
    /// Entries that were used once first, so that a scan over many keys does not evict what is used again and again.
    /// </summary>
    ScanResistant = 1,
}
