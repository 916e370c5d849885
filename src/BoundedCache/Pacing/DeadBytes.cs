namespace BoundedCache.Pacing;

/// <summary>
/// Bytes that left caches and are not collected yet. Bulk work makes much dead at once, and no writer should wait for
/// that: it would be as long as a collection of the whole heap.
/// </summary>
/// <param name="All">All of them.</param>
/// <param name="ByBulkWork">Of these, what bulk work removed, as the engine counts it.</param>
internal readonly record struct DeadBytes(long All, long ByBulkWork)
{
    /// <summary>The others: what writers replaced, or evicted for room.</summary>
    public long ByWriters => All - ByBulkWork;

    /// <summary>Adds up.</summary>
    public static DeadBytes operator +(DeadBytes left, DeadBytes right) =>
        new(left.All + right.All, left.ByBulkWork + right.ByBulkWork);
}
