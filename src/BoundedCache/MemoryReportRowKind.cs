namespace BoundedCache;

/// <summary>What a part of this process's resident memory is.</summary>
public enum MemoryReportRowKind
{
    /// <summary>Entries of caches: their accounted bytes.</summary>
    Cache = 0,

    /// <summary>Live managed objects that are not in these caches.</summary>
    OtherLive = 1,

    /// <summary>
    /// Managed objects that nothing refers to any more, and that no garbage collection has taken yet.
    /// </summary>
    Dead = 2,

    /// <summary>
    /// Holes between managed objects, which the collector fills with new objects or closes by compacting.
    /// </summary>
    Fragmentation = 3,

    /// <summary>
    /// Resident memory of the managed heap with no objects in it: committed for the next ones, or not given back yet.
    /// </summary>
    Unused = 4,

    /// <summary>
    /// Everything that is neither managed heap nor mapped files: native libraries' memory, thread stacks, compiled
    /// code, the runtime's own.
    /// </summary>
    Native = 5,

    /// <summary>
    /// Pages of mapped files, assemblies and native libraries among them, as they are in the file. The kernel takes
    /// them back when it needs memory.
    /// </summary>
    FileMapped = 6,
}
