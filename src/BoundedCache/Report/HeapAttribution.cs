using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>The resident bytes of the managed heap in five parts, which add up to it.</summary>
internal readonly record struct HeapAttribution
{
    /// <summary>Entries of caches.</summary>
    public long CacheBytes { get; private init; }

    /// <summary>Other live objects.</summary>
    public long OtherLiveBytes { get; private init; }

    /// <summary>Dead objects.</summary>
    public long DeadBytes { get; private init; }

    /// <summary>Holes between objects.</summary>
    public long FragmentedBytes { get; private init; }

    /// <summary>Neither objects nor holes.</summary>
    public long UnusedBytes { get; private init; }

    /// <summary>
    /// Without a collection. Live is what survived the last collection, less what left caches since the last one of the
    /// whole heap, and what is in a cache, however young. The rest is dead.
    /// </summary>
    /// <param name="heapBytes">Resident memory of the heap.</param>
    /// <param name="allocatedBytes">Bytes in all objects, dead or alive.</param>
    /// <param name="last">The last collection of any kind.</param>
    /// <param name="caches">The caches' share.</param>
    public static HeapAttribution Estimate(long heapBytes, long allocatedBytes, in GCReading last, in CacheShare caches)
    {
        // Before the first collection nothing is known to be dead.
        long survivors = last.Index == 0 ? allocatedBytes : last.LiveBytes;
        return Divide(
            heapBytes,
            allocatedBytes,
            Math.Max(caches.Bytes, survivors - caches.DeadBytes),
            last.FragmentedBytes,
            caches.Bytes);
    }

    /// <summary>With a collection that ran right afterwards and measured what was live.</summary>
    /// <param name="heapBytes">Resident memory of the heap.</param>
    /// <param name="allocatedBytes">Bytes in all objects, dead or alive.</param>
    /// <param name="fragmentedBytes">Holes that the last collection before left.</param>
    /// <param name="liveBytes">Bytes in the objects that survived.</param>
    /// <param name="caches">The caches' share.</param>
    public static HeapAttribution Measure(
        long heapBytes, long allocatedBytes, long fragmentedBytes, long liveBytes, in CacheShare caches) =>
        Divide(heapBytes, allocatedBytes, liveBytes, fragmentedBytes, caches.Bytes);

    // Objects come first: some holes were filled since the last collection, and pages of objects that were never
    // written to are not resident.
    private static HeapAttribution Divide(long heap, long allocated, long live, long fragmented, long cache)
    {
        allocated = Math.Clamp(allocated, 0, heap);
        live = Math.Clamp(live, 0, allocated);
        cache = Math.Clamp(cache, 0, live);
        fragmented = Math.Clamp(fragmented, 0, heap - allocated);
        return new HeapAttribution
        {
            CacheBytes = cache,
            OtherLiveBytes = live - cache,
            DeadBytes = allocated - live,
            FragmentedBytes = fragmented,
            UnusedBytes = heap - allocated - fragmented,
        };
    }
}

/// <summary>The share of the caches in the process's memory, in bytes.</summary>
internal readonly record struct CacheShare
{
    /// <summary>Accounted bytes of their entries.</summary>
    public long Bytes { get; init; }

    /// <summary>
    /// Accounted bytes that left any cache of the process since the last collection of the whole heap.
    /// </summary>
    public long DeadBytes { get; init; }

    /// <summary>Of those, bytes that pacing may not collect yet.</summary>
    public long OverdueBytes { get; init; }

    /// <summary>
    /// Accounted bytes that left any cache of the process, or were refused by it, and that queued eviction callbacks
    /// and disposals still hold.
    /// </summary>
    public long PendingBytes { get; init; }

    /// <summary>Resident native memory of all byte caches of the process. Not in <see cref="Bytes"/>.</summary>
    public long NativeBytes { get; init; }

    /// <summary>
    /// The sum of the limits of all measured caches of the process; <see cref="long.MaxValue"/> where it is larger.
    /// </summary>
    public long LimitBytes { get; init; }

    /// <summary>The sum of the limits of caches in native memory.</summary>
    public long NativeLimitBytes { get; init; }

    /// <summary>The number of caches whose bytes are in <see cref="Bytes"/>.</summary>
    public int Counted { get; init; }

    /// <summary>How many of those have <see cref="EvictionPolicy.ScanResistant"/>.</summary>
    public int ScanResistant { get; init; }

    /// <summary>
    /// The number of other caches of the process that hold entries: not in <see cref="Bytes"/>, since their sizes are
    /// declared, they are not of this library, or the report is about others.
    /// </summary>
    public int Uncounted { get; init; }

    /// <summary>The number of caches left out: their entries' sizes are declared, and may not be bytes.</summary>
    public int Declared { get; init; }

    /// <summary>
    /// Entries of any cache of the process whose value was not finished when it was last measured: their bytes are not
    /// known.
    /// </summary>
    public long UnfinishedEntries { get; init; }

    /// <summary>Bytes by which values in any cache of the process were lately found to have grown.</summary>
    public long GrownBytes { get; init; }

    /// <summary>
    /// Entries of any cache of the process that may keep alive what they are not charged: their values' own types are
    /// not followed, or they hold a running task or a delegate. Only after <see cref="Recheck"/>.
    /// </summary>
    public long UnfollowedEntries { get; init; }

    /// <summary>What the state of eviction callbacks keeps alive. Only after <see cref="Recheck"/>.</summary>
    public long CallbackBytes { get; init; }

    /// <summary>Whether the time was over before all entries were looked at for the two above.</summary>
    public bool IsSearchCut { get; init; }

    /// <summary>Why caches of the process have less than their limits; null for none that has.</summary>
    public IReadOnlyList<CachePressure>? Pressures { get; init; }

    /// <summary>
    /// Measures the likeliest values again and looks for those that cannot be measured, within two thirds of a second,
    /// and reads the share anew. Call it before saying that caches do not hold the memory. Null where that was done, or
    /// there is nothing to measure.
    /// </summary>
    public Func<CacheShare>? Recheck { get; init; }
}
