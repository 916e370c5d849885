namespace BoundedCache.Report;

/// <summary>
/// The resident memory of this process by what it is for, in bytes, counted page by page by the kernel.
/// </summary>
internal sealed record AddressSpace
{
    /// <summary>All resident memory: the sum of the rest.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>The managed heap; null where it could not be told from other anonymous memory.</summary>
    public required long? HeapBytes { get; init; }

    /// <summary>Pages of mapped files that are as they are in the file.</summary>
    public required long FileBytes { get; init; }

    /// <summary>
    /// Shared memory that is no file on a disk: memory files, shared segments, and the code that the runtime compiled.
    /// </summary>
    public required long SharedBytes { get; init; }

    /// <summary>The native allocator's memory: the program break and the arenas beside it.</summary>
    public required long AllocatorBytes { get; init; }

    /// <summary>The native allocator's arenas beside the first.</summary>
    public required int Arenas { get; init; }

    /// <summary>Thread stacks.</summary>
    public required long StackBytes { get; init; }

    /// <summary>Private pages of mapped files that were written to: the data of native libraries.</summary>
    public required long WrittenFileBytes { get; init; }

    /// <summary>
    /// Anonymous memory that is none of the above: large native allocations, the runtime's own tables and loaders.
    /// </summary>
    public required long OtherBytes { get; init; }

    /// <summary>What of all this is in transparent huge pages.</summary>
    public required long HugePageBytes { get; init; }

    /// <summary>The mapped file with the most resident bytes; null when none has any.</summary>
    public required string? LargestFile { get; init; }

    /// <summary>The resident bytes of <see cref="LargestFile"/>.</summary>
    public required long LargestFileBytes { get; init; }
}
