namespace BoundedCache;

/// <summary>Something that holds much of this process's memory and that can be changed.</summary>
public sealed record MemoryReportFinding
{
    /// <summary>The cause.</summary>
    public MemoryReportCause Cause { get; init; }

    /// <summary>
    /// What it holds, in bytes; 0 by default. For <see cref="MemoryReportCause.HeapLimit"/>, what is missing.
    /// Findings of different kinds may overlap, such as huge pages and other native memory; the findings about memory
    /// of the managed heap without objects do not.
    /// </summary>
    public long Bytes { get; init; }

    /// <summary>What holds how much, as a sentence; empty by default.</summary>
    public string Text { get; init; } = "";

    /// <summary>What to do about it, as one or more sentences; empty by default.</summary>
    public string Advice { get; init; } = "";

    /// <summary>Text and advice in one line.</summary>
    /// <returns>Sentences.</returns>
    public override string ToString() => $"{Text} {Advice}".Trim();
}

/// <summary>A reason for which a process holds more memory than its caches account for.</summary>
public enum MemoryReportCause
{
    /// <summary>Much of the live heap is not in a cache.</summary>
    OtherLive = 0,

    /// <summary>Dead objects wait for a garbage collection.</summary>
    Dead = 1,

    /// <summary>Dead objects wait for their finalizers.</summary>
    Finalizers = 2,

    /// <summary>Pinned objects keep the memory around them.</summary>
    Pins = 3,

    /// <summary>Holes between live objects.</summary>
    Fragmentation = 4,

    /// <summary>The runtime is set to keep emptied memory.</summary>
    RetainVM = 5,

    /// <summary>Server GC keeps room for new objects for each of its heaps.</summary>
    ServerGC = 6,

    /// <summary>Another collector is configured instead of the runtime's own, such as the one with segments.</summary>
    ReplacedCollector = 7,

    /// <summary>The managed heap keeps memory without objects.</summary>
    UnusedHeap = 8,

    /// <summary>The native allocator keeps what was freed.</summary>
    NativeArenas = 9,

    /// <summary>Native memory in use.</summary>
    NativeInUse = 10,

    /// <summary>Thread stacks.</summary>
    ThreadStacks = 11,

    /// <summary>Shared memory.</summary>
    SharedMemory = 12,

    /// <summary>Mapped files.</summary>
    MappedFiles = 13,

    /// <summary>Transparent huge pages, which are resident as a whole.</summary>
    HugePages = 14,

    /// <summary>
    /// The limits of the caches are more than the managed heap's hard limit can hold, as in a container. The finding's
    /// bytes are what is missing. Also where they are more than the container or the machine can hold.
    /// </summary>
    HeapLimit = 15,

    /// <summary>
    /// Much of the live heap is in no cache's account, and some of it may hang on entries all the same: their values
    /// were not finished when they were stored, or grew since, or are of types that are not followed; or eviction
    /// callbacks refer to it.
    /// </summary>
    UncountedValues = 16,

    /// <summary>Holes between objects that were allocated pinned. No collection closes them.</summary>
    PinnedHeap = 17,

    /// <summary>Holes between large objects. Only a full release closes them.</summary>
    LargeObjectHoles = 18,

    /// <summary>
    /// Caches have less than their limits, because the process is near a limit of its memory. The finding's bytes are
    /// what they give up.
    /// </summary>
    MemoryPressure = 19,
}
