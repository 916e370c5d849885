namespace BoundedCache.Diagnostics;

/// <summary>
/// The observed instruments. DIAGNOSTICS.md lists them for operators, and a test holds it to this list.
/// </summary>
/// <remarks>The tag of requests is named as that of .NET's own caches is, so that one dashboard serves both.</remarks>
internal static class ObservedInstruments
{
    private const string Reason = "cache.eviction.reason";

    private static readonly string[] s_reasons =
        ["capacity", "shrink", "compact", "expired", "token_expired", "removed", "replaced"];

    public static ObservedInstrument Requests { get; } = Counter(
        "bounded_cache.requests", "{request}", "Lookups, by what came of them.", ReadRequests, "cache.request.type",
        "hit", "miss");

    public static ObservedInstrument[] All { get; } =
    [
        Requests,
        Counter("bounded_cache.insertions", "{entry}", "Entries stored.", static (cache, n) =>
            n[0] = cache.Engine.ReadTotals().Insertions),
        Counter(
            "bounded_cache.evictions",
            "{entry}",
            "Entries that left, by reason.",
            ReadEvictedEntries,
            Reason,
            s_reasons),
        Counter(
            "bounded_cache.memory.evicted",
            "By",
            "Accounted bytes of the entries that left, by reason.",
            ReadEvictedBytes,
            Reason,
            s_reasons),
        Counter(
            "bounded_cache.refusals", "{entry}", "Entries that were not stored, by reason.", ReadRefusals,
            "cache.refusal.reason", "too_large", "expired"),
        Counter(
            "bounded_cache.size_estimates",
            "{estimate}",
            "Keys and values whose size could only be estimated.",
            static (cache, n) => n[0] = cache.Measurer.EstimatedCount),
        Counter("bounded_cache.shrinks", "{shrink}", "Limits set to no more than they were.", static (cache, n) =>
            n[0] = cache.Counters.Shrinks),
        Counter(
            "bounded_cache.memory.released",
            "By",
            "Resident bytes that the process lost while memory was released.",
            static (cache, n) => n[0] = cache.Counters.ReleasedBytes),
        UpDown("bounded_cache.entries", "{entry}", "Entries in the cache.", static (cache, n) => n[0] = cache.Count),
        UpDown("bounded_cache.memory.used", "By", "Accounted bytes of the entries.", static (cache, n) =>
            n[0] = cache.UsedMemory),
        UpDown("bounded_cache.memory.limit", "By", "The limit of accounted bytes.", static (cache, n) =>
            n[0] = cache.MaxMemory),
    ];

    private static ObservedInstrument Counter(
        string name,
        string unit,
        string description,
        NumberReader read,
        string? tagKey = null,
        params string[] tagValues) =>
        new(name, unit, description, OnlyRises: true, read, tagKey, tagValues);

    private static ObservedInstrument UpDown(string name, string unit, string description, NumberReader read) =>
        new(name, unit, description, OnlyRises: false, read, TagKey: null);

    private static void ReadRequests(BoundedMemoryCache cache, Span<long> numbers)
    {
        // Whoever came after the cache was made is noticed here; from now on lookups are counted.
        cache.CountLookups();
        (numbers[0], numbers[1]) = (cache.Engine.Lookups.Hits, cache.Engine.Lookups.Misses);
    }

    private static void ReadEvictedEntries(BoundedMemoryCache cache, Span<long> numbers) =>
        ReadEvictions(cache, numbers, static totals => totals.Entries);

    private static void ReadEvictedBytes(BoundedMemoryCache cache, Span<long> numbers) =>
        ReadEvictions(cache, numbers, static totals => totals.Bytes);

    private static void ReadEvictions(BoundedMemoryCache cache, Span<long> numbers, Func<EntryTotals, long> number)
    {
        EvictionTotals evictions = cache.Engine.ReadTotals().Evictions;
        numbers[0] = number(evictions.Capacity);
        numbers[1] = number(evictions.Shrink);
        numbers[2] = number(evictions.Compact);
        numbers[3] = number(evictions.Expired);
        numbers[4] = number(evictions.TokenExpired);
        numbers[5] = number(evictions.Removed);
        numbers[6] = number(evictions.Replaced);
    }

    private static void ReadRefusals(BoundedMemoryCache cache, Span<long> numbers) =>
        (numbers[0], numbers[1]) = (cache.Counters.RefusedTooLarge, cache.Counters.RefusedExpired);
}
