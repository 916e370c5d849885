using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>
/// The entries that left a cache since it was made, by why they left. Each is counted once, so <see cref="All"/> and
/// the entries that are in the cache add up to the entries ever stored.
/// </summary>
/// <remarks>
/// Eviction callbacks are told <see cref="EvictionReason.Capacity"/> for the first three. Here they are apart, since
/// only the first says that the cache is too small for its work.
/// </remarks>
public sealed record EvictionTotals
{
    /// <summary>
    /// Evicted to make room for new entries. Entries that were refused never were in the cache and are not among them.
    /// </summary>
    public required EntryTotals Capacity { get; init; }

    /// <summary>Evicted because <see cref="BoundedMemoryCache.MaxMemory"/> was lowered.</summary>
    public required EntryTotals Shrink { get; init; }

    /// <summary>
    /// Removed by <see cref="BoundedMemoryCache.Compact"/>; what was expired then is under <see cref="Expired"/>.
    /// </summary>
    public required EntryTotals Compact { get; init; }

    /// <summary>Expired by time: absolute, relative or sliding.</summary>
    public required EntryTotals Expired { get; init; }

    /// <summary>Expired by a change token.</summary>
    public required EntryTotals TokenExpired { get; init; }

    /// <summary>
    /// Removed by <see cref="BoundedMemoryCache.Remove"/>, <see cref="BoundedMemoryCache.Clear"/> or
    /// <see cref="BoundedMemoryCache.Dispose"/>.
    /// </summary>
    public required EntryTotals Removed { get; init; }

    /// <summary>Replaced by, or out of date because of, a newer entry with the same key.</summary>
    public required EntryTotals Replaced { get; init; }

    /// <summary>The sum of all of them.</summary>
    public EntryTotals All => Capacity + Shrink + Compact + Expired + TokenExpired + Removed + Replaced;
}
