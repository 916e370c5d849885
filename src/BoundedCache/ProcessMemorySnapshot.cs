using BoundedCache.Process;

namespace BoundedCache;

/// <summary>
/// The memory of this process at one moment, in bytes: what the operating system counts and what the garbage
/// collector counts. <see cref="LiveBytes"/>, <see cref="CommittedBytes"/> and <see cref="ResidentBytes"/> are three
/// different things, and a cache that only frees entries moves only the first. Every member has a default, so tests set
/// only what they need.
/// </summary>
public sealed record ProcessMemorySnapshot
{
    /// <summary>
    /// Physical memory that the process occupies: RSS on Linux, the working set on Windows and macOS.
    /// </summary>
    public long ResidentBytes { get; init; }

    /// <summary>
    /// The part of <see cref="ResidentBytes"/> that is private and backed by no file (<c>RssAnon</c>): heaps, stacks,
    /// native allocations. The truth to judge a release by. Null where the platform does not tell.
    /// </summary>
    public long? AnonymousBytes { get; init; }

    /// <summary>
    /// The part of <see cref="ResidentBytes"/> that maps files, such as assemblies (<c>RssFile</c>). Null where
    /// the platform does not tell.
    /// </summary>
    public long? FileBytes { get; init; }

    /// <summary>
    /// The highest <see cref="ResidentBytes"/> since the process started. Null where the platform does not tell.
    /// </summary>
    public long? PeakResidentBytes { get; init; }

    /// <summary>
    /// Memory that the garbage collector held committed after its last collection; it understates
    /// what is committed since.
    /// </summary>
    public long CommittedBytes { get; init; }

    /// <summary>Bytes in objects that survived the last collection. Zero before the first collection.</summary>
    public long LiveBytes { get; init; }

    /// <summary>Bytes in all managed objects now: live ones, and dead ones not collected yet.</summary>
    public long AllocatedBytes { get; init; }

    /// <summary>Holes between objects in the managed heap after the last collection.</summary>
    public long FragmentedBytes { get; init; }

    /// <summary>
    /// Where the operating system's figures come from, for example <c>/proc/self/status</c>, and what they lack.
    /// </summary>
    public string Source { get; init; } = "";

    /// <summary>
    /// Takes a snapshot of this process. Costs some tens of microseconds and never throws for lack of a source.
    /// </summary>
    /// <returns>The process's memory now.</returns>
    public static ProcessMemorySnapshot Take() => ProcessMemory.Shared.TakeSnapshot();

    /// <summary>The main figures in one line for people and logs.</summary>
    /// <returns>One line, in the invariant culture.</returns>
    public override string ToString() =>
        $"RSS {ByteSize.Format(ResidentBytes)}, committed {ByteSize.Format(CommittedBytes)}, "
        + $"live {ByteSize.Format(LiveBytes)} ({Source})";
}
