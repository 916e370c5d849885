using System.Globalization;
using System.Text;

namespace BoundedCache;

/// <summary>
/// What lowering a limit, or releasing memory on request, did: what was evicted, what the process
/// gave back, and what it cost. Every member has a default, so tests set only what they need.
/// </summary>
public sealed record ShrinkReport
{
    /// <summary>The cache's name.</summary>
    public string CacheName { get; init; } = "";

    /// <summary>
    /// How the cache counts. Limits, <see cref="BytesEvicted"/> and <see cref="UsedMemory"/> are bytes where it is
    /// <see cref="EntrySizing.Measured"/>, the default, otherwise the application's own units.
    /// </summary>
    public EntrySizing Sizing { get; init; }

    /// <summary>The limit before, in bytes.</summary>
    public long OldMaxMemory { get; init; }

    /// <summary>
    /// The limit that this call set, in bytes. The same as <see cref="OldMaxMemory"/> for a plain release.
    /// </summary>
    public long NewMaxMemory { get; init; }

    /// <summary>
    /// What the call did to the limit; <see cref="MaxMemoryChange.None"/>, the default, for a plain release.
    /// </summary>
    public MaxMemoryChange LimitChange { get; init; }

    /// <summary>Entries evicted by this call.</summary>
    public long EntriesEvicted { get; init; }

    /// <summary>Accounted bytes of the entries evicted by this call.</summary>
    public long BytesEvicted { get; init; }

    /// <summary>Accounted bytes left in the cache when the call ended.</summary>
    public long UsedMemory { get; init; }

    /// <summary>Entries left in the cache when the call ended.</summary>
    public int Count { get; init; }

    /// <summary>
    /// Time from the first eviction to the last, and to the end of the table's own shrinking. Of a byte cache it is
    /// <see cref="TotalTime"/>: evicting, moving the survivors together and giving back are one.
    /// </summary>
    public TimeSpan EvictionTime { get; init; }

    /// <summary>Time of the whole call, release included.</summary>
    public TimeSpan TotalTime { get; init; }

    /// <summary>When the operation began, as a stopwatch's timestamp. It tells which operation is the newer.</summary>
    internal long Started { get; init; }

    /// <summary>
    /// Time for which the release's own garbage collections stopped the process's managed threads; zero where it ran
    /// none.
    /// </summary>
    public TimeSpan GCPause { get; init; }

    /// <summary>
    /// The longest time for which one collection of the release stopped the process's managed threads.
    /// <see cref="ReleaseMode.Gentle"/> keeps it short.
    /// </summary>
    public TimeSpan LongestGCPause { get; init; }

    /// <summary>
    /// Full garbage collections of the release that stop the process while they last: 0, 1 or 2. Not counted are those
    /// of <see cref="ReleaseMode.Gentle"/> that run in the background (one to begin with, and another where finalizers
    /// hold freed memory) and the small ones of its slices. Where background collections are off, or the heap is too
    /// fragmented for them, these two stop the process as well, and are counted.
    /// </summary>
    public int Collections { get; init; }

    /// <summary>
    /// How memory was to be given back. Of a byte cache always <see cref="ReleaseMode.Full"/>: it gives back all at
    /// once, without a collection.
    /// </summary>
    public ReleaseMode ReleaseMode { get; init; }

    /// <summary>How giving it back ended.</summary>
    public ReleaseOutcome Outcome { get; init; }

    /// <summary>Why the outcome is what it is, as a sentence.</summary>
    public string Reason { get; init; } = "";

    /// <summary>
    /// Whether a release that followed this call by itself was tried several times in vain, and is tried no more.
    /// Default false.
    /// </summary>
    public bool IsGivenUp { get; init; }

    /// <summary>
    /// What holds memory that should have gone, or much that no release could take (live objects outside caches, native
    /// memory, mapped files), whether the process can hold its caches' limits, and what to do about it; empty when
    /// there is nothing to say.
    /// </summary>
    public IReadOnlyList<string> Advice { get; init; } = [];

    /// <summary>The process before the first eviction.</summary>
    public ProcessMemorySnapshot Before { get; init; } = new();

    /// <summary>The process when the call ended.</summary>
    public ProcessMemorySnapshot After { get; init; } = new();

    /// <summary>
    /// Resident bytes that the process lost during the call; negative when it grew; 0 where they are not known
    /// (<see cref="ProcessMemorySnapshot.IsResidentUnknown"/>).
    /// </summary>
    public long ReleasedBytes => Before.IsResidentUnknown || After.IsResidentUnknown
        ? 0
        : Before.ResidentBytes - After.ResidentBytes;

    /// <summary>The report in one line for people and logs.</summary>
    /// <returns>One line, in the invariant culture.</returns>
    public override string ToString()
    {
        var text = new StringBuilder();
        CultureInfo culture = CultureInfo.InvariantCulture;
        text.Append(culture, $"{CacheName}: ");
        string limit = Sizing.Format(NewMaxMemory);
        text.Append(LimitChange switch
        {
            MaxMemoryChange.Unchanged => $"limit unchanged at {limit}",
            MaxMemoryChange.Raised => $"limit raised {Sizing.Format(OldMaxMemory)} -> {limit}",
            _ when NewMaxMemory == OldMaxMemory => $"limit {limit}",
            _ => $"limit {Sizing.Format(OldMaxMemory)} -> {limit}",
        });
        text.Append(
            culture,
            $"; evicted {EntriesEvicted:N0} entries ({Sizing.Format(BytesEvicted)}) "
                + $"in {EvictionTime.TotalMilliseconds:N0} ms");
        text.Append(
            culture, $"; RSS {Before.ResidentText} -> {After.ResidentText}");
        text.Append(
            culture,
            $", committed {ByteSize.Format(Before.CommittedBytes)} -> {ByteSize.Format(After.CommittedBytes)}");
        text.Append(
            culture,
            $"; {Outcome}: {Reason} ({TotalTime.TotalMilliseconds:N0} ms in all, "
                + $"GC pause {GCPause.TotalMilliseconds:N0} ms");
        text.Append(ReleaseMode == ReleaseMode.Gentle
            ? string.Create(culture, $", at most {LongestGCPause.TotalMilliseconds:N0} ms at once)")
            : ")");
        return text.ToString();
    }
}

/// <summary>What a call did to a cache's limit.</summary>
public enum MaxMemoryChange
{
    /// <summary>It set no limit.</summary>
    None = 0,

    /// <summary>It set a lower limit.</summary>
    Lowered = 1,

    /// <summary>It set the limit that the cache had.</summary>
    Unchanged = 2,

    /// <summary>It set a higher limit: nothing was evicted, and nothing released.</summary>
    Raised = 3,
}
