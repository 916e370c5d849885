using BoundedCache.Engine;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Entries;

/// <summary>What a <see cref="CacheAudit"/> needs of its cache.</summary>
internal sealed record AuditSetup
{
    public required string CacheName { get; init; }

    public required CacheEngine Engine { get; init; }

    public required ILogger Logger { get; init; }

    public required Auditor Auditor { get; init; }

    /// <summary>The share of a processor for laps; 0 for none.</summary>
    public required double Share { get; init; }

    /// <summary>Whether growth and shrinkage that laps find are reported and not charged.</summary>
    public required bool OnlyReports { get; init; }

    /// <summary>
    /// Types with a sizer of the user's, which is not called again: such values are left alone, and such keys keep what
    /// it said. Null for none.
    /// </summary>
    public required HashSet<Type>? SizedTypes { get; init; }

    /// <summary>The charge of an entry whose key and value have so many bytes together.</summary>
    public required Func<long, EntryDetails?, bool, long> Charge { get; init; }

    /// <summary>Reports to the pacer what came and left.</summary>
    public required Action Pace { get; init; }
}

/// <summary>What is known of an entry that is stored: see <see cref="CacheAudit.KindOf"/>.</summary>
internal readonly record struct StoredKind(EntryMarks Marks, bool IsUnfinished, bool IsLowerBound, Task? Running);

/// <summary>What background measurements of a cache found.</summary>
internal readonly record struct AuditTotals
{
    /// <summary>Entries whose value is not finished: their bytes are not known.</summary>
    public int Unfinished { get; init; }

    /// <summary>Measurements of entries.</summary>
    public long Audited { get; init; }

    /// <summary>Entries that were charged anew.</summary>
    public long Changed { get; init; }

    /// <summary>Bytes that they were charged more.</summary>
    public long GrownBytes { get; init; }

    /// <summary>Bytes that were found in the last lap and charged to no entry.</summary>
    public long UnchargedBytes { get; init; }

    /// <summary>Bytes by which values were found to have grown in the last lap.</summary>
    public long RecentBytes { get; init; }
}
