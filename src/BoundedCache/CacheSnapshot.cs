namespace BoundedCache;

/// <summary>
/// What a cache holds at one moment, and what happened in it since it was made. Taken by
/// <see cref="BoundedMemoryCache.GetSnapshot"/>.
/// </summary>
/// <remarks>
/// <see cref="MaxMemory"/>, <see cref="UsedMemory"/>, <see cref="Count"/>, <see cref="Insertions"/> and
/// <see cref="Evictions"/> are read at the same instant, so <see cref="Insertions"/> less all <see cref="Evictions"/>
/// is always <see cref="Count"/>. The other numbers are read one after the other right after it.
/// </remarks>
public sealed record CacheSnapshot
{
    /// <summary>The cache's name.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// How entries are charged: under <see cref="EntrySizing.Declared"/> the bytes below, except
    /// <see cref="TableBytes"/> and <see cref="ReleasedBytes"/>, are declared units.
    /// </summary>
    public required EntrySizing Sizing { get; init; }

    /// <summary>The limit, in bytes.</summary>
    public required long MaxMemory { get; init; }

    /// <summary>Accounted bytes of the entries.</summary>
    public required long UsedMemory { get; init; }

    /// <summary>Entries, those included that expired and were not removed yet.</summary>
    public required int Count { get; init; }

    /// <summary>
    /// Lookups that found an entry. Null where nobody counted: lookups are counted with
    /// <see cref="BoundedMemoryCacheOptions.TrackStatistics"/> from the beginning, else while somebody listens
    /// to the metric of requests.
    /// </summary>
    public required long? Hits { get; init; }

    /// <summary>
    /// Lookups that found none, or an expired one. Null where nobody counted, as for <see cref="Hits"/>.
    /// </summary>
    public required long? Misses { get; init; }

    /// <summary>The share of the counted lookups that were hits, from 0 to 1; null where there were none.</summary>
    public double? HitRatio =>
        Hits is { } hits && Misses is { } misses && hits + misses > 0 ? hits / (double)(hits + misses) : null;

    /// <summary>Entries ever stored, replacements included.</summary>
    public required long Insertions { get; init; }

    /// <summary>Entries and bytes that left, by reason.</summary>
    public required EvictionTotals Evictions { get; init; }

    /// <summary>Bytes of the entries that expired, by time or by a token.</summary>
    public long ExpiredBytes => Evictions.Expired.Bytes + Evictions.TokenExpired.Bytes;

    /// <summary>Entries that were not stored because they alone were larger than the limit.</summary>
    public required long RefusedTooLarge { get; init; }

    /// <summary>Entries that were not stored because they were expired already.</summary>
    public required long RefusedExpired { get; init; }

    /// <summary>Entries that were not stored.</summary>
    public long Refused => RefusedTooLarge + RefusedExpired;

    /// <summary>Keys and values whose size could only be estimated. The log names each type of them once.</summary>
    public required long EstimatedSizes { get; init; }

    /// <summary>How often the limit was set to no more than it was.</summary>
    public required long Shrinks { get; init; }

    /// <summary>
    /// Resident bytes that the process lost while it released memory for this cache. A release that served several
    /// caches is counted with one of them.
    /// </summary>
    public required long ReleasedBytes { get; init; }

    /// <summary>
    /// Time for which collections stopped the process's managed threads while it released memory for this cache,
    /// counted as <see cref="ReleasedBytes"/>.
    /// </summary>
    public required TimeSpan GcPause { get; init; }

    /// <summary>The report on the last shrink or release that came to its end; null where there was none.</summary>
    public required ShrinkReport? LastReport { get; init; }

    /// <summary>
    /// Uses that the order of use does not know of, because too many overlapped. They cost precision of the
    /// order, and nothing else.
    /// </summary>
    public required long LostTouches { get; init; }

    /// <summary>Bytes of the table that holds the entries: slots, links, buckets and deadlines, used or free.</summary>
    public required long TableBytes { get; init; }
}
