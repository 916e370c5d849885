namespace BoundedCache.Diagnostics;

/// <summary>
/// Reads the numbers of one instrument from a cache, one for each value of the instrument's tag. Runs no user
/// code and must not throw.
/// </summary>
internal delegate void NumberReader(IObservedCache cache, Span<long> numbers);

/// <summary>
/// An instrument whose numbers are read from the caches when metrics are collected, so it costs operations of the
/// caches nothing.
/// </summary>
/// <param name="Name">The name on the meter.</param>
/// <param name="Unit">The unit, in UCUM.</param>
/// <param name="Description">What is counted.</param>
/// <param name="OnlyRises">Whether it is a counter; otherwise it goes up and down.</param>
/// <param name="Read">Reads the numbers.</param>
/// <param name="TagKey">The tag that tells the numbers of one cache apart; null where there is only one.</param>
/// <param name="TagValues">The tag's value for each number.</param>
internal sealed record ObservedInstrument(
    string Name,
    string Unit,
    string Description,
    bool OnlyRises,
    NumberReader Read,
    string? TagKey,
    params string[] TagValues)
{
    /// <summary>How many numbers one cache has.</summary>
    public int Length => Math.Max(1, TagValues.Length);
}

/// <summary>The observed instruments. docs/DIAGNOSTICS.md lists them, and a test compares the two lists.</summary>
/// <remarks>The tag of requests has the name that .NET's own caches use, so that one dashboard serves both.</remarks>
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
            n[0] = cache.GetSnapshot().Insertions),
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
            static (cache, n) => n[0] = cache.GetSnapshot().EstimatedSizes),
        Counter(
            "bounded_cache.audited",
            "{entry}",
            "Measurements of entries after they were stored.",
            static (cache, n) => n[0] = cache.GetSnapshot().AuditedEntries),
        Counter(
            "bounded_cache.changed",
            "{entry}",
            "Entries that were charged anew because their value had changed, was finished or was counted to its end.",
            static (cache, n) => n[0] = cache.GetSnapshot().ChangedEntries),
        Counter(
            "bounded_cache.memory.grown",
            "By",
            "Bytes that such entries were charged more.",
            static (cache, n) => n[0] = cache.GetSnapshot().GrownBytes),
        UpDown(
            "bounded_cache.unfinished",
            "{entry}",
            "Entries whose value is not finished, or not counted to its end, so that its bytes are not known.",
            static (cache, n) => n[0] = cache.GetSnapshot().UnfinishedEntries),
        UpDown(
            "bounded_cache.memory.uncharged",
            "By",
            "Bytes by which values grew, as found in the last lap, and that no entry is charged.",
            static (cache, n) => n[0] = cache.GetSnapshot().UnchargedBytes),
        Counter("bounded_cache.shrinks", "{shrink}", "Limits set to no more than they were.", static (cache, n) =>
            n[0] = cache.GetSnapshot().Shrinks),
        Counter(
            "bounded_cache.memory.released",
            "By",
            "Resident bytes that the process lost while memory was released.",
            static (cache, n) => n[0] = cache.GetSnapshot().ReleasedBytes),
        UpDown(
            "bounded_cache.memory.overdue",
            "By",
            "Dead bytes of entries that left, which could not be collected yet.",
            static (cache, n) => n[0] = cache.GetSnapshot().OverdueBytes),
        new(
            "bounded_cache.caches",
            "{cache}",
            "Caches, by what a full one evicts first.",
            OnlyRises: false,
            ReadPolicy,
            "cache.eviction.policy",
            "least_recently_used",
            "scan_resistant"),
        UpDown("bounded_cache.entries", "{entry}", "Entries in the cache.", static (cache, n) => n[0] = cache.Count),
        UpDown("bounded_cache.memory.used", "By", "Accounted bytes of the entries.", static (cache, n) =>
            n[0] = cache.UsedMemory),
        UpDown("bounded_cache.memory.limit", "By", "The limit of accounted bytes.", static (cache, n) =>
            n[0] = cache.MaxMemory),
        UpDown(
            "bounded_cache.memory.effective_limit",
            "By",
            "The limit that holds now: less than the limit while the cache yields to memory pressure.",
            static (cache, n) => n[0] = cache.EffectiveMaxMemory),
        Counter(
            "bounded_cache.yields",
            "{change}",
            "How often the effective limit fell because the process was short of memory.",
            static (cache, n) => n[0] = cache.GetSnapshot().Yields),
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

    private static void ReadPolicy(IObservedCache cache, Span<long> numbers)
    {
        bool isScanResistant = cache.GetSnapshot().EvictionPolicy == EvictionPolicy.ScanResistant;
        (numbers[0], numbers[1]) = isScanResistant ? (0, 1) : (1, 0);
    }

    private static void ReadRequests(IObservedCache cache, Span<long> numbers)
    {
        // Notices a listener that came after the cache was made.
        cache.CountLookups();
        CacheSnapshot snapshot = cache.GetSnapshot();
        (numbers[0], numbers[1]) = (snapshot.Hits ?? 0, snapshot.Misses ?? 0);
    }

    private static void ReadEvictedEntries(IObservedCache cache, Span<long> numbers) =>
        ReadEvictions(cache, numbers, static totals => totals.Entries);

    private static void ReadEvictedBytes(IObservedCache cache, Span<long> numbers) =>
        ReadEvictions(cache, numbers, static totals => totals.Bytes);

    private static void ReadEvictions(IObservedCache cache, Span<long> numbers, Func<EntryTotals, long> number)
    {
        EvictionTotals evictions = cache.GetSnapshot().Evictions;
        numbers[0] = number(evictions.Capacity);
        numbers[1] = number(evictions.Shrink);
        numbers[2] = number(evictions.Compact);
        numbers[3] = number(evictions.Expired);
        numbers[4] = number(evictions.TokenExpired);
        numbers[5] = number(evictions.Removed);
        numbers[6] = number(evictions.Replaced);
    }

    private static void ReadRefusals(IObservedCache cache, Span<long> numbers)
    {
        CacheSnapshot snapshot = cache.GetSnapshot();
        (numbers[0], numbers[1]) = (snapshot.RefusedTooLarge, snapshot.RefusedExpired);
    }
}
