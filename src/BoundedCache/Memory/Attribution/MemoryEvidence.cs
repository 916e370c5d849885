namespace BoundedCache.Memory.Attribution;

/// <summary>Everything that rules look at: this process's resident memory taken apart, in bytes, and what may explain the parts.</summary>
internal sealed record MemoryEvidence
{
    /// <summary>A pinned object keeps the region it lies in, and the regions of small objects are 4 MiB.</summary>
    private const long RegionBytes = 4L * 1024 * 1024;

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

    /// <summary>Resident memory of the managed heap without objects, in holes or at large.</summary>
    public long IdleBytes => FragmentedBytes + UnusedBytes;

    /// <summary>Whether there are pins enough to hold a good part of the idle heap.</summary>
    public bool IsPinned => PinnedObjects * RegionBytes >= IdleBytes / 2;

    /// <summary>What the native allocator keeps though it was freed; null where neither it nor the kernel tells.</summary>
    public long? FreedNativeBytes => NativeHeap is { } heap && Space is not null ? Math.Min(heap.FreeBytes, Space.AllocatorBytes) : null;
}
