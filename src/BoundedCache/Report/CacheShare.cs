namespace BoundedCache.Report;

/// <summary>What the caches that a report is about say of themselves, in bytes.</summary>
internal readonly record struct CacheShare
{
    /// <summary>Accounted bytes of their entries.</summary>
    public long Bytes { get; init; }

    /// <summary>
    /// Accounted bytes that left any cache of the process since the last collection of the whole heap.
    /// </summary>
    public long DeadBytes { get; init; }

    /// <summary>
    /// The sum of the limits of all caches of the process; <see cref="long.MaxValue"/> where that is no number.
    /// </summary>
    public long LimitBytes { get; init; }

    /// <summary>The number of caches whose bytes are in <see cref="Bytes"/>.</summary>
    public int Counted { get; init; }

    /// <summary>The number of caches left out because their entries' sizes are declared and may be no bytes.</summary>
    public int Declared { get; init; }
}
