using BoundedCache.ShrinkDemo.Workloads;

namespace BoundedCache.ShrinkDemo.Results;

/// <summary>Counts of all writes and reads of the whole story.</summary>
internal sealed record AccessResult
{
    public required long Writes { get; init; }

    /// <summary>Writes that could not be read back at once: the cache did not store them.</summary>
    public required long Dropped { get; init; }

    /// <summary>Values larger than the limit, or so close to it that they do not fit with their key.</summary>
    public required long TooLarge { get; init; }

    /// <summary>Reads, without the reading back of every write.</summary>
    public required long Reads { get; init; }

    public required long Hits { get; init; }

    /// <summary>Reads that returned a value not written under their key. Anything but zero is a fault.</summary>
    public required long Wrong { get; init; }

    /// <summary>
    /// Reads that found nothing where the cache had promised to keep the entry. Anything but zero is a fault.
    /// </summary>
    public required long Lost { get; init; }

    public static AccessResult From(AccessLedger ledger) => new()
    {
        Writes = ledger.Writes,
        Dropped = ledger.Dropped,
        TooLarge = ledger.TooLarge,
        Reads = ledger.Reads,
        Hits = ledger.Hits,
        Wrong = ledger.Wrong,
        Lost = ledger.Lost,
    };
}
