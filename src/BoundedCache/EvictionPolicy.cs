namespace BoundedCache;

/// <summary>Which entries a full cache evicts first, within the lowest priority.</summary>
public enum EvictionPolicy
{
    /// <summary>
    /// The entries whose last use is the longest ago: LRU, exact where uses do not overlap. Of uses by several threads
    /// at the same moment the order is not kept. This is the default.
    /// </summary>
    LeastRecentlyUsed = 0,

    /// <summary>
    /// Entries that were stored and not used again, before those that were: a scan over many keys does not evict what
    /// is in use. Of entries that are equally old, large ones go first. A hit notes its use by a byte, or by nothing.
    /// </summary>
    /// <remarks>
    /// It evicts neither in the order of use nor in any order that the application can foresee. Its table takes 17
    /// bytes more for each entry.
    /// </remarks>
    ScanResistant = 1,
}
