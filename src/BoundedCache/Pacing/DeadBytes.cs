namespace BoundedCache.Pacing;

/// <summary>
/// Bytes that left caches and are not collected yet. Bulk work makes much dead at once, and no writer should wait for
/// that: it would be as long as a collection of the whole heap. What writers fill the room with is another thing: the
/// dead bytes lie beside it.
/// </summary>
/// <param name="All">All of them.</param>
/// <param name="Excused">Of these, what bulk work removed, as the engine counts it, less what came in since.</param>
internal readonly record struct DeadBytes(long All, long Excused)
{
    /// <summary>The others: what writers replaced, evicted for room, or filled again.</summary>
    public long ByWriters => All - Excused;

    /// <summary>The same after bytes came in for which none left.</summary>
    public DeadBytes Refilled(long bytes) => this with { Excused = Math.Max(0, Excused - bytes) };

    /// <summary>Adds up.</summary>
    public static DeadBytes operator +(DeadBytes left, DeadBytes right) =>
        new(left.All + right.All, left.Excused + right.Excused);
}
