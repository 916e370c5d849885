namespace BoundedCache.Process;

/// <summary>
/// The runtime's garbage collector, as far as releasing memory needs it and a test can put another in its place.
/// </summary>
internal interface IGarbageCollector
{
    /// <summary>Bytes in all managed objects now, dead ones that were not collected yet included.</summary>
    long AllocatedBytes { get; }

    /// <summary>Time for which collections have stopped the managed threads since the process started.</summary>
    TimeSpan TotalPause { get; }

    /// <summary>Whether the process is in a no-GC region, which an induced collection would end.</summary>
    bool IsInNoGCRegion { get; }

    /// <summary>How the collector is configured.</summary>
    CollectorSettings Settings { get; }

    /// <summary>An address in the managed heap, in the region that lies lowest in it.</summary>
    long HeapAnchor { get; }

    /// <summary>Collections of the whole heap that have begun since the process started.</summary>
    int FullCollections { get; }

    /// <summary>
    /// Collections of any generation that have begun since the process started: each collects the youngest.
    /// </summary>
    int AllCollections { get; }

    /// <summary>Bytes ever allocated by managed threads; may lag a little behind.</summary>
    long TotalAllocatedBytes { get; }

    /// <summary>The last collection of any kind; all zero before the first.</summary>
    GCReading ReadLast();

    /// <summary>The last collection of the young generations alone; all zero before the first.</summary>
    GCReading ReadLastYoung();

    /// <summary>The last blocking collection of the whole heap; all zero before the first.</summary>
    GCReading ReadLastFullBlocking();

    /// <summary>The last collection of the whole heap in the background; all zero before the first.</summary>
    GCReading ReadLastBackground();

    /// <summary>
    /// The last collection of the whole heap, blocking or in the background; all zero before the first.
    /// </summary>
    GCReading ReadLastFull()
    {
        GCReading blocking = ReadLastFullBlocking();
        GCReading background = ReadLastBackground();
        return background.Index > blocking.Index ? background : blocking;
    }

    /// <summary>
    /// Begins a collection of the whole heap in the background and returns, unless one is under way; blocks until the
    /// end of the collection where the runtime collects in no background, or finds the heap too fragmented for it.
    /// </summary>
    void CollectInBackground();

    /// <summary>Runs one blocking collection of the generations up to this one.</summary>
    /// <param name="generation">0 or 1.</param>
    void CollectYoung(int generation);

    /// <summary>Runs one blocking, compacting collection of the two young generations.</summary>
    void CompactYoung();

    /// <summary>
    /// Runs one blocking, compacting collection of the whole heap, which gives no memory back by itself.
    /// </summary>
    void CollectCompacting();

    /// <summary>
    /// Runs one aggressive, compacting, blocking collection of the whole heap, and returns once it is over.
    /// </summary>
    void CollectAggressively();

    /// <summary>
    /// Runs one plain blocking collection of the whole heap, which gives nothing back to the operating system and
    /// compacts where the runtime thinks it pays.
    /// </summary>
    void CollectFully();

    /// <summary>Blocks, without bound, until the finalizers that were due have run.</summary>
    void WaitForPendingFinalizers();
}
