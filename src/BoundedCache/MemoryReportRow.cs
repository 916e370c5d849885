namespace BoundedCache;

/// <summary>One part of this process's resident memory.</summary>
public sealed record MemoryReportRow
{
    /// <summary>The kind of memory.</summary>
    public MemoryReportRowKind Kind { get; init; }

    /// <summary>Its size in bytes; never negative, and 0 by default.</summary>
    public long Bytes { get; init; }

    /// <summary>
    /// False, the default, where the kernel or the collector counted these bytes; true where they were inferred.
    /// </summary>
    public bool IsEstimate { get; init; }

    /// <summary>Where the figure comes from, in a few words; empty by default.</summary>
    public string Basis { get; init; } = "";

    /// <summary>
    /// The parts of the row. They add up to <see cref="Bytes"/>; empty, the default, where they are not known.
    /// </summary>
    public IReadOnlyList<MemoryReportPart> Parts { get; init; } = [];

    /// <summary>The name of the row for people.</summary>
    internal string Name => Kind switch
    {
        MemoryReportRowKind.Cache => "cache",
        MemoryReportRowKind.OtherLive => "other live objects",
        MemoryReportRowKind.Dead => "dead, not collected yet",
        MemoryReportRowKind.Fragmentation => "fragmentation",
        MemoryReportRowKind.Unused => "committed, unused",
        MemoryReportRowKind.Native => "native and everything else",
        MemoryReportRowKind.FileMapped => "mapped files",
        MemoryReportRowKind.Yielded => "yielded by caches",
        MemoryReportRowKind.UnfinishedEntries => "unfinished entries, bytes not known",
        _ => Kind.ToString(),
    };

    /// <summary>
    /// The row in one line, for example <c>fragmentation: ~12.5 MiB, left by the last collection</c>.
    /// </summary>
    /// <returns>The name, the size, with ~ for an estimate, and the origin.</returns>
    public override string ToString()
    {
        string size = $"{Name}: {(IsEstimate ? "~" : "")}{ByteSize.Format(Bytes)}";
        return Basis.Length == 0 ? size : $"{size}, {Basis}";
    }
}

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

    /// <summary>
    /// Entries of caches whose value was not finished when it was measured: a task that runs, a lazy that is not made,
    /// a chain that is not counted to its end yet. What they keep alive is not known and counts as
    /// <see cref="OtherLive"/>, so this row has 0 bytes. Its origin says how many entries there are.
    /// </summary>
    UnfinishedEntries = 7,

    /// <summary>
    /// What caches give up because the process was short of memory. It is not resident, so this row has 0 bytes; its
    /// origin says how much, and by how many caches.
    /// </summary>
    Yielded = 8,
}

/// <summary>A part of a row of a <see cref="MemoryReport"/>.</summary>
/// <param name="Name">What it is, in a few words.</param>
/// <param name="Bytes">Its size in bytes.</param>
public sealed record MemoryReportPart(string Name, long Bytes)
{
    /// <summary>
    /// False, the default, where the kernel counted these bytes; true where they were inferred. So are the free pages
    /// of the native allocator: it tells how much it keeps, but not how much of that is resident.
    /// </summary>
    public bool IsEstimate { get; init; }

    /// <summary>The part in one line, for example <c>shared memory: 4 MiB</c>.</summary>
    /// <returns>The name and the size, with ~ for an estimate.</returns>
    public override string ToString() => $"{Name}: {(IsEstimate ? "~" : "")}{ByteSize.Format(Bytes)}";
}
