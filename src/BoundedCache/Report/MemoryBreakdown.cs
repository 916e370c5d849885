using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>
/// Everything that rules look at: this process's resident memory taken apart, in bytes, and what may explain the parts.
/// </summary>
internal sealed record MemoryBreakdown
{
    /// <summary>A pinned object keeps the region it lies in, and the regions of small objects are 4 MiB.</summary>
    private const long RegionBytes = 4L * 1024 * 1024;

    /// <summary>
    /// Up to so much for new objects is usual in a process that allocates: the runtime waits until they fill a
    /// processor's cache or more before it collects. More is a setting's doing, as with Server GC on many processors.
    /// </summary>
    private const long UsualRoomBytes = 256L * 1024 * 1024;

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

    /// <summary>No objects.</summary>
    public long UnusedBytes { get; init; }

    /// <summary>
    /// Objects that were made since the last collection, of which nobody knows how many are still alive.
    /// </summary>
    public long NewBytes { get; init; }

    /// <summary>What had been made between the last two collections that looked at the youngest objects.</summary>
    public long NewBytesBefore { get; init; }

    /// <summary>Accounted bytes that left any cache since the last collection of the whole heap.</summary>
    public long LetGoBytes { get; init; }

    /// <summary>Whether no collection has looked at anything yet, so that what is live is anybody's guess.</summary>
    public bool IsNeverCollected { get; init; }

    /// <summary>Neither managed heap nor mapped files.</summary>
    public long NativeBytes { get; init; }

    /// <summary>Mapped files.</summary>
    public long FileBytes { get; init; }

    /// <summary>The address space as the kernel counted it; null where it does not tell.</summary>
    public AddressSpace? Space { get; init; }

    /// <summary>The native allocator's own account; null where it keeps none.</summary>
    public NativeHeapReading? NativeHeap { get; init; }

    /// <summary>Threads of the process; 0 where that is not known.</summary>
    public long Threads { get; init; }

    /// <summary>How the collector is configured.</summary>
    public CollectorSettings Settings { get; init; }

    /// <summary>The heap's hard limit; null where it has none.</summary>
    public HeapRoom? Room { get; init; }

    /// <summary>The sum of the limits of all caches of the process whose bytes are measured.</summary>
    public long CacheLimitBytes { get; init; }

    /// <summary>Objects that the last collections could not move.</summary>
    public long PinnedObjects { get; init; }

    /// <summary>Dead objects that waited for their finalizers when the last collection ran.</summary>
    public long FinalizersPending { get; init; }

    /// <summary>Bytes that finalizers held, measured; null where nobody collected to measure it.</summary>
    public long? FinalizerBytes { get; init; }

    /// <summary>Whether finalizers did not finish in the time they were given.</summary>
    public bool FinalizersStuck { get; init; }

    /// <summary>Whether what is live was measured by a collection.</summary>
    public bool IsLiveMeasured { get; init; }

    /// <summary>
    /// Dead objects save those that any process has which allocates, and which the next collection takes without being
    /// asked. What caches let go is none of these, however young: it is there because somebody evicted it. What
    /// finalizers held has a name of its own.
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
    /// Memory without objects, save the room that is there for new ones: they will take as much as
    /// they took the last time.
    /// </summary>
    public long SpareBytes =>
        UnusedBytes - Math.Min(UnusedBytes, Math.Clamp(NewBytesBefore - NewBytes, 0, UsualRoomBytes));

    /// <summary>
    /// Resident memory of the managed heap without objects, in holes or at large, save the room for new ones.
    /// </summary>
    public long IdleBytes => FragmentedBytes + SpareBytes;

    /// <summary>Whether there are pins enough to hold a good part of the idle heap.</summary>
    public bool IsPinned => CanPinsHold(IdleBytes, PinnedObjects);

    /// <summary>
    /// What the native allocator keeps though it was freed; null where neither it nor the kernel tells.
    /// </summary>
    public long? FreedNativeBytes =>
        NativeHeap is { } heap && Space is not null ? Math.Min(heap.FreeBytes, Space.AllocatorBytes) : null;

    /// <summary>Whether so many pinned objects can hold a good part of so many idle bytes.</summary>
    public static bool CanPinsHold(long idleBytes, long pinnedObjects) => pinnedObjects * RegionBytes >= idleBytes / 2;
}
