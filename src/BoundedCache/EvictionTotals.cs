using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>
/// The entries that left a cache since it was made, by why they left. Each is counted once, so <see cref="All"/> and
/// the entries that are in the cache add up to the entries ever stored. Every member's default is zero.
/// </summary>
/// <remarks>
/// Eviction callbacks get <see cref="EvictionReason.Capacity"/> for the first three. They are separate here, since only
/// the first says that the cache is too small for its work.
/// </remarks>
public sealed record EvictionTotals
{
    /// <summary>
    /// Evicted to make room for new entries. Entries that were refused never were in the cache and are not among them.
    /// </summary>
    public EntryTotals Capacity { get; init; }

    /// <summary>
    /// Evicted because the limit that holds fell: <see cref="BoundedMemoryCache.MaxMemory"/> was lowered, or the cache
    /// yielded to memory pressure.
    /// </summary>
    public EntryTotals Shrink { get; init; }

    /// <summary>
    /// Removed by <see cref="BoundedMemoryCache.Compact"/>; what was expired then is under <see cref="Expired"/>.
    /// </summary>
    public EntryTotals Compact { get; init; }

    /// <summary>Expired by time: absolute, relative or sliding.</summary>
    public EntryTotals Expired { get; init; }

    /// <summary>Expired by a change token.</summary>
    public EntryTotals TokenExpired { get; init; }

    /// <summary>
    /// Removed by <see cref="BoundedMemoryCache.Remove"/>, <see cref="BoundedMemoryCache.Clear"/> or
    /// <see cref="BoundedMemoryCache.Dispose"/>.
    /// </summary>
    public EntryTotals Removed { get; init; }

    /// <summary>Replaced by, or out of date because of, a newer entry with the same key.</summary>
    public EntryTotals Replaced { get; init; }

    /// <summary>The sum of all of them.</summary>
    public EntryTotals All => Capacity + Shrink + Compact + Expired + TokenExpired + Removed + Replaced;

    /// <summary>The reasons for which entries left, each with their number and charges.</summary>
    /// <returns>One line, in the invariant culture; <c>none</c> where nothing left.</returns>
    public override string ToString()
    {
        (string Reason, EntryTotals Totals)[] reasons =
        [
            ("capacity", Capacity), ("shrink", Shrink), ("compact", Compact), ("expired", Expired),
            ("token expired", TokenExpired), ("removed", Removed), ("replaced", Replaced),
        ];
        string[] parts =
        [
            .. reasons.Where(static each => each.Totals != default)
                .Select(static each => $"{each.Reason} {each.Totals}"),
        ];
        return parts.Length == 0 ? "none" : string.Join(", ", parts);
    }
}
