using BoundedCache.Process;

namespace BoundedCache;

/// <summary>
/// The memory of this process at one moment, in bytes, as the operating system and the garbage collector count it.
/// <see cref="LiveBytes"/>, <see cref="CommittedBytes"/> and <see cref="ResidentBytes"/> are three different things: a
/// cache that only frees entries lowers only the first. A figure that is not set is 0, or null where it can be unknown.
/// </summary>
public sealed record ProcessMemorySnapshot
{
    /// <summary>
    /// Physical memory that the process occupies: RSS on Linux, the working set on Windows and macOS. 0 where
    /// <see cref="IsResidentUnknown"/> is true.
    /// </summary>
    public long ResidentBytes { get; init; }

    /// <summary>
    /// Whether no source tells <see cref="ResidentBytes"/>, as where <c>/proc</c> is hidden. They are 0 then, which is
    /// not a figure. False by default.
    /// </summary>
    public bool IsResidentUnknown { get; init; }

    /// <summary>
    /// The part of <see cref="ResidentBytes"/> that is private and backed by no file (<c>RssAnon</c>): heaps, stacks,
    /// native allocations. A release is judged by it. Null where the platform does not tell.
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
    /// Memory that the garbage collector held committed after its last collection. Memory committed since is not in it.
    /// </summary>
    public long CommittedBytes { get; init; }

    /// <summary>Bytes in objects that survived the last collection. Zero before the first collection.</summary>
    public long LiveBytes { get; init; }

    /// <summary>Bytes in all managed objects now: live ones, and dead ones not collected yet.</summary>
    public long AllocatedBytes { get; init; }

    /// <summary>Holes between objects in the managed heap after the last collection.</summary>
    public long FragmentedBytes { get; init; }

    /// <summary>
    /// Where the operating system's figures come from, for example <c>/proc/self/status</c>, and what that source
    /// lacks; empty by default.
    /// </summary>
    public string Source { get; init; } = "";

    /// <summary>
    /// Takes a snapshot of this process. Costs some tens of microseconds, and does not throw when a
    /// source is missing. Thread-safe.
    /// </summary>
    /// <returns>The process's memory now.</returns>
    public static ProcessMemorySnapshot Take() => ProcessMemory.Shared.TakeSnapshot();

    /// <summary>The resident bytes for people: a size, or "unknown".</summary>
    internal string ResidentText => IsResidentUnknown ? "unknown" : ByteSize.Format(ResidentBytes);

    /// <summary>The snapshot in one line, without what the platform does not tell.</summary>
    /// <returns>
    /// For example <c>RSS 120 MiB (anonymous 90 MiB, files 30 MiB, peak 140 MiB), GC heap: live 40 MiB, allocated
    /// 45 MiB, holes 2 MiB, committed 60 MiB</c>.
    /// </returns>
    public override string ToString()
    {
        (string Name, long? Bytes)[] all =
            [("anonymous", AnonymousBytes), ("files", FileBytes), ("peak", PeakResidentBytes)];
        string known = string.Join(", ", all
            .Where(static part => part.Bytes is not null)
            .Select(static part => $"{part.Name} {ByteSize.Format(part.Bytes!.Value)}"));
        return $"RSS {ResidentText}{(known.Length == 0 ? "" : $" ({known})")}, "
            + $"GC heap: live {ByteSize.Format(LiveBytes)}, allocated {ByteSize.Format(AllocatedBytes)}, "
            + $"holes {ByteSize.Format(FragmentedBytes)}, committed {ByteSize.Format(CommittedBytes)}";
    }
}
