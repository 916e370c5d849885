namespace BoundedCache.Process;

/// <summary>
/// What one garbage collection left, in bytes: the part of <see cref="GCMemoryInfo"/> that the library uses.
/// </summary>
internal readonly record struct GCReading
{
    /// <summary>The size and the alignment of the regions of small objects.</summary>
    public const long RegionBytes = 4L * 1024 * 1024;

    // Where GCMemoryInfo.GenerationInfo tells of the two heaps beside the generations.
    private const int LargeObjects = 3;
    private const int AllocatedPinned = 4;

    /// <summary>The collection's number since the process started; 0 when there was none.</summary>
    public long Index { get; init; }

    /// <summary>The oldest generation collected.</summary>
    public int Generation { get; init; }

    /// <summary>Whether the survivors were moved together.</summary>
    public bool Compacted { get; init; }

    /// <summary>Whether it ran beside the application instead of stopping it.</summary>
    public bool Concurrent { get; init; }

    /// <summary>
    /// The size of the youngest generation when the collection began: what was allocated since the one before.
    /// </summary>
    public long YoungBytes { get; init; }

    /// <summary>The heap from the first object to the last, holes included.</summary>
    public long HeapBytes { get; init; }

    /// <summary>Holes between objects.</summary>
    public long FragmentedBytes { get; init; }

    /// <summary>
    /// The part of <see cref="FragmentedBytes"/> in the heap of large objects, which only some collections compact.
    /// </summary>
    public long LargeHoleBytes { get; init; }

    /// <summary>
    /// The part of <see cref="FragmentedBytes"/> in the heap of objects that were allocated pinned, which no collection
    /// compacts. These objects are not among <see cref="PinnedObjects"/>.
    /// </summary>
    public long PinnedHoleBytes { get; init; }

    /// <summary>Bytes in large objects.</summary>
    public long LargeLiveBytes { get; init; }

    /// <summary>Bytes in objects that were allocated pinned.</summary>
    public long PinnedLiveBytes { get; init; }

    /// <summary>Physical memory in use on the machine, or in the container, when the collection began.</summary>
    public long MemoryLoadBytes { get; init; }

    /// <summary>The memory that the process may have, as the runtime sees it.</summary>
    public long AvailableBytes { get; init; }

    /// <summary>Memory held committed when the collection ended.</summary>
    public long CommittedBytes { get; init; }

    /// <summary>
    /// Time for which it stopped the managed threads. A background collection stops them twice, and briefly.
    /// </summary>
    public TimeSpan Pause { get; init; }

    /// <summary>Objects that could not be moved.</summary>
    public long PinnedObjects { get; init; }

    /// <summary>Dead objects that were kept because their finalizers have yet to run.</summary>
    public long FinalizersPending { get; init; }

    /// <summary>Bytes in objects that survived.</summary>
    public long LiveBytes => Math.Max(0, HeapBytes - FragmentedBytes);

    /// <summary>The part of <see cref="LiveBytes"/> in neither large nor pinned objects.</summary>
    public long SmallLiveBytes => Math.Max(0, LiveBytes - LargeLiveBytes - PinnedLiveBytes);

    /// <summary>
    /// Whether pinned objects can hold at least half of the idle heap: each one keeps the region that it lies in.
    /// </summary>
    public static bool CanPinsHold(long pinnedObjects, long idleBytes) =>
        pinnedObjects > 0 && pinnedObjects * RegionBytes >= idleBytes / 2;

    /// <summary>Copies the figures from the runtime's record.</summary>
    public static GCReading From(in GCMemoryInfo info) => new()
    {
        Index = info.Index,
        Generation = info.Generation,
        Compacted = info.Compacted,
        Concurrent = info.Concurrent,
        YoungBytes = info.GenerationInfo[0].SizeBeforeBytes,
        HeapBytes = info.HeapSizeBytes,
        FragmentedBytes = info.FragmentedBytes,
        LargeHoleBytes = info.GenerationInfo[LargeObjects].FragmentationAfterBytes,
        PinnedHoleBytes = info.GenerationInfo[AllocatedPinned].FragmentationAfterBytes,
        LargeLiveBytes = LiveOf(info.GenerationInfo[LargeObjects]),
        PinnedLiveBytes = LiveOf(info.GenerationInfo[AllocatedPinned]),
        MemoryLoadBytes = info.MemoryLoadBytes,
        AvailableBytes = info.TotalAvailableMemoryBytes,
        CommittedBytes = info.TotalCommittedBytes,
        Pause = SumOf(info.PauseDurations),
        PinnedObjects = info.PinnedObjectsCount,
        FinalizersPending = info.FinalizationPendingCount,
    };

    private static long LiveOf(in GCGenerationInfo generation) =>
        Math.Max(0, generation.SizeAfterBytes - generation.FragmentationAfterBytes);

    private static TimeSpan SumOf(ReadOnlySpan<TimeSpan> pauses)
    {
        TimeSpan sum = TimeSpan.Zero;
        foreach (TimeSpan pause in pauses)
        {
            sum += pause;
        }

        return sum;
    }
}
