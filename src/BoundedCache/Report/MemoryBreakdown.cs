using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>
/// The input of the rules: this process's resident memory taken apart, in bytes, and what may explain it.
/// </summary>
internal sealed record MemoryBreakdown
{
    /// <summary>
    /// Room for new objects up to this size is usual: the runtime collects once they fill a processor's cache or more.
    /// More room has another cause, such as Server GC on many processors.
    /// </summary>
    private const long UsualRoomBytes = 256L * 1024 * 1024;

    /// <summary>Garbage that must wait is told from this on: pacing collects for no less.</summary>
    private const long LeastOverdueBytes = 8L * 1024 * 1024;

    /// <summary>Why caches of the process have less than their limits.</summary>
    public IReadOnlyList<CachePressure> Pressures { get; init; } = [];

    /// <summary>What they have less. A limit may be as large as a number can be.</summary>
    public long YieldedBytes => Pressures.Aggregate(0L, static (sum, pressure) =>
        sum > long.MaxValue - pressure.YieldedBytes ? long.MaxValue : sum + pressure.YieldedBytes);

    /// <summary>All resident memory.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>Resident memory of the managed heap: the five parts below.</summary>
    public required long HeapBytes { get; init; }

    /// <summary>Entries of caches.</summary>
    public long CacheBytes { get; init; }

    /// <summary>Other live objects.</summary>
    public long OtherLiveBytes { get; init; }

    /// <summary>Dead objects.</summary>
    public long DeadBytes { get; init; }

    /// <summary>Holes between objects.</summary>
    public long FragmentedBytes { get; init; }

    /// <summary>The part of <see cref="FragmentedBytes"/> in the heap of large objects.</summary>
    public long LargeHoleBytes { get; init; }

    /// <summary>
    /// The part of <see cref="FragmentedBytes"/> in the heap of objects that were allocated pinned.
    /// </summary>
    public long PinnedHoleBytes { get; init; }

    /// <summary>Neither objects nor holes.</summary>
    public long UnusedBytes { get; init; }

    /// <summary>
    /// Objects that were made since the last collection. How many of them are still alive is not known.
    /// </summary>
    public long NewBytes { get; init; }

    /// <summary>Objects that were made between the last two collections of the youngest generation.</summary>
    public long NewBytesBefore { get; init; }

    /// <summary>Accounted bytes that left any cache since the last collection of the whole heap.</summary>
    public long LetGoBytes { get; init; }

    /// <summary>Of those, bytes that pacing may not collect yet.</summary>
    public long OverdueBytes { get; init; }

    /// <summary>Whether these are worth a sentence.</summary>
    public bool IsOverdue => OverdueBytes >= LeastOverdueBytes;

    /// <summary>
    /// What entries were charged that left caches, or were refused, and wait for their eviction callbacks, or to be
    /// disposed. No account has these bytes.
    /// </summary>
    public long PendingBytes { get; init; }

    /// <summary>Whether there was no collection yet, so that it is unknown what is live.</summary>
    public bool IsNeverCollected { get; init; }

    /// <summary>Memory that is neither managed heap nor mapped files.</summary>
    public long NativeBytes { get; init; }

    /// <summary>Of that, what byte caches hold.</summary>
    public long ByteCacheBytes { get; init; }

    /// <summary>Mapped files.</summary>
    public long FileBytes { get; init; }

    /// <summary>The address space as the kernel counted it; null where it does not tell.</summary>
    public AddressSpace? Space { get; init; }

    /// <summary>The native allocator's own figures; null where they are not known.</summary>
    public NativeHeapReading? NativeHeap { get; init; }

    /// <summary>
    /// The allocator that native code uses instead of the C library's; null for the C library's, or where that is not
    /// known.
    /// </summary>
    public string? ForeignAllocator { get; init; }

    /// <summary>
    /// Caches of the process whose entries are not in <see cref="CacheBytes"/>: their sizes are declared, they are not
    /// of this library, or the report is about others.
    /// </summary>
    public int UncountedCaches { get; init; }

    /// <summary>Entries of caches whose value was not finished, so that its bytes are not known.</summary>
    public long UnfinishedEntries { get; init; }

    /// <summary>Bytes by which values in caches were lately found to have grown.</summary>
    public long GrownBytes { get; init; }

    /// <summary>
    /// Entries of caches whose values' own types are not followed, or that hold a running task or a delegate: what
    /// these keep alive is not counted.
    /// </summary>
    public long UnfollowedEntries { get; init; }

    /// <summary>What the state of eviction callbacks of entries keeps alive, as far as it can be measured.</summary>
    public long CallbackBytes { get; init; }

    /// <summary>Whether the time was over before all entries of caches were looked at for the two above.</summary>
    public bool IsSearchCut { get; init; }

    /// <summary>The same with what a second look at the caches' entries found.</summary>
    public MemoryBreakdown With(CacheShare again) => this with
    {
        UnfinishedEntries = Math.Max(UnfinishedEntries, again.UnfinishedEntries),
        GrownBytes = Math.Max(GrownBytes, again.GrownBytes),
        UnfollowedEntries = again.UnfollowedEntries,
        CallbackBytes = again.CallbackBytes,
        IsSearchCut = again.IsSearchCut,
        PendingBytes = Math.Max(PendingBytes, again.PendingBytes),
    };

    /// <summary>Threads of the process; 0 where that is not known.</summary>
    public long Threads { get; init; }

    /// <summary>How the collector is configured.</summary>
    public CollectorSettings Settings { get; init; }

    /// <summary>The memory that the process can have; null where that is not known.</summary>
    public HeapRoom? Room { get; init; }

    /// <summary>The sum of the limits of all caches of the process whose bytes are measured.</summary>
    public long CacheLimitBytes { get; init; }

    /// <summary>The sum of the limits of caches in native memory.</summary>
    public long NativeLimitBytes { get; init; }

    /// <summary>Objects that the last collections could not move.</summary>
    public long PinnedObjects { get; init; }

    /// <summary>Dead objects that waited for their finalizers when the last collection ran.</summary>
    public long FinalizersPending { get; init; }

    /// <summary>Bytes that finalizers held; null where no collection measured it.</summary>
    public long? FinalizerBytes { get; init; }

    /// <summary>Whether finalizers did not finish in time.</summary>
    public bool FinalizersStuck { get; init; }

    /// <summary>Whether a collection measured what is live.</summary>
    public bool IsLiveMeasured { get; init; }

    /// <summary>
    /// Dead objects, less the young garbage that is usual in any process and that the next collection takes by itself.
    /// What left caches counts, however young. What finalizers held does not: it has a finding of its own.
    /// </summary>
    public long LingeringBytes
    {
        get
        {
            long dead = DeadBytes - (FinalizerBytes ?? 0);
            return Math.Max(Math.Min(dead, LetGoBytes), dead - Math.Min(NewBytes, UsualRoomBytes));
        }
    }

    /// <summary>
    /// The memory without objects, less the room for new ones: they are expected to take as much as the last time.
    /// </summary>
    public IdleHeap Idle
    {
        get
        {
            long room = Math.Clamp(NewBytesBefore - NewBytes, 0, UsualRoomBytes);
            return new IdleHeap(FragmentedBytes, Math.Max(0, UnusedBytes - room), PinnedObjects, Settings)
            {
                LargeHoleBytes = LargeHoleBytes,
                PinnedHoleBytes = PinnedHoleBytes,
            };
        }
    }

    /// <summary>
    /// Freed memory that the native allocator keeps; null where the allocator or the kernel does not tell.
    /// </summary>
    public long? FreedNativeBytes =>
        NativeHeap is { } heap && Space is not null ? Math.Min(heap.FreeBytes, Space.AllocatorBytes) : null;
}
