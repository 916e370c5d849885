namespace BoundedCache.Pacing;

/// <summary>
/// Bytes that left caches and are not collected yet. Bulk evictions make much dead at once, on a thread of their own:
/// writers are not behind for that.
/// </summary>
/// <param name="All">All of them.</param>
/// <param name="ByBulkWork">Of these, what bulk evictions made dead that a release follows.</param>
internal readonly record struct DeadBytes(long All, long ByBulkWork)
{
    /// <summary>The others: what writers replaced, or evicted for room.</summary>
    public long ByWriters => All - ByBulkWork;

    /// <summary>Adds up.</summary>
    public static DeadBytes operator +(DeadBytes left, DeadBytes right) =>
        new(left.All + right.All, left.ByBulkWork + right.ByBulkWork);
}
