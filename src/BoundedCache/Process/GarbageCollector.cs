using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Process;

/// <summary>
/// The runtime's garbage collector: its figures, and one method for each way to collect. Tests replace it with a fake.
/// </summary>
internal interface IGarbageCollector
{
    /// <summary>Bytes in all managed objects now, dead ones that were not collected yet included.</summary>
    long AllocatedBytes { get; }

    /// <summary>Time for which collections have stopped the managed threads since the process started.</summary>
    TimeSpan TotalPause { get; }

    /// <summary>Whether the process is in a no-GC region. An induced collection would end it.</summary>
    bool IsInNoGCRegion { get; }

    /// <summary>How the collector is configured.</summary>
    CollectorSettings Settings { get; }

    /// <summary>An address in the lowest region of the managed heap.</summary>
    long HeapAnchor { get; }

    /// <summary>Collections of the whole heap that have begun since the process started.</summary>
    int FullCollections { get; }

    /// <summary>
    /// Collections of any generation that have begun since the process started. Each collects the youngest generation.
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
    /// Begins a collection of the whole heap in the background and returns; does nothing while one is under way. Blocks
    /// until the collection ends where background collections are off, or where the heap is too fragmented for one.
    /// </summary>
    void CollectInBackground();

    /// <summary>Runs one blocking collection of the generations up to this one.</summary>
    /// <param name="generation">0 or 1.</param>
    void CollectYoung(int generation);

    /// <summary>Runs one blocking, compacting collection of the two young generations.</summary>
    void CompactYoung();

    /// <summary>
    /// Runs one blocking collection of the whole heap. The runtime decides whether it compacts. It returns no memory to
    /// the operating system by itself.
    /// </summary>
    void CollectBlocking();

    /// <summary>
    /// Runs one blocking, compacting collection of the whole heap. It returns no memory to the operating system by
    /// itself.
    /// </summary>
    void CollectCompacting();

    /// <summary>
    /// Runs one blocking, compacting, aggressive collection of the whole heap. Only this one returns the emptied memory
    /// to the operating system before the call ends.
    /// </summary>
    void CollectAggressively();

    /// <summary>Blocks, without bound, until the finalizers that were due have run.</summary>
    void WaitForPendingFinalizers();
}

/// <summary>The garbage collector of this process.</summary>
internal sealed class RuntimeCollector : IGarbageCollector
{
    // The heap of pinned objects gets the lowest region, and objects in it do not move.
    private static readonly byte[] s_anchor = GC.AllocateArray<byte>(1, pinned: true);

    public long AllocatedBytes => GC.GetTotalMemory(forceFullCollection: false);

    public TimeSpan TotalPause => GC.GetTotalPauseDuration();

    public bool IsInNoGCRegion => GCSettings.LatencyMode == GCLatencyMode.NoGCRegion;

    public CollectorSettings Settings => CollectorSettings.From(GC.GetConfigurationVariables());

    public unsafe long HeapAnchor => (long)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(s_anchor));

    public int FullCollections => GC.CollectionCount(GC.MaxGeneration);

    public int AllCollections => GC.CollectionCount(0);

    public long TotalAllocatedBytes => GC.GetTotalAllocatedBytes(precise: false);

    public GCReading ReadLast() => GCReading.From(GC.GetGCMemoryInfo(GCKind.Any));

    public GCReading ReadLastYoung() => GCReading.From(GC.GetGCMemoryInfo(GCKind.Ephemeral));

    public GCReading ReadLastFullBlocking() => GCReading.From(GC.GetGCMemoryInfo(GCKind.FullBlocking));

    public GCReading ReadLastBackground() => GCReading.From(GC.GetGCMemoryInfo(GCKind.Background));

    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
    public void CollectInBackground() =>
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false, compacting: false);

    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
    public void CollectYoung(int generation) =>
        GC.Collect(generation, GCCollectionMode.Forced, blocking: true, compacting: false);

    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
    public void CompactYoung() => GC.Collect(1, GCCollectionMode.Forced, blocking: true, compacting: true);

    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
    public void CollectBlocking() =>
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);

    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
    public void CollectCompacting() =>
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);

    // Only the aggressive mode decommits what it emptied before it returns. After a forced, compacting collection the
    // same memory stays committed and resident, and later collections decommit it little by little.
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
    public void CollectAggressively() =>
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    public void WaitForPendingFinalizers() => GC.WaitForPendingFinalizers();
}
