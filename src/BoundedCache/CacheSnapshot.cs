using System.Globalization;
using System.Text;

namespace BoundedCache;

/// <summary>
/// What a cache holds at one moment, and what happened in it since it was made. Taken by
/// <see cref="IBoundedCache.GetSnapshot"/>. Every member has a default, so tests set only what they need.
/// </summary>
/// <remarks>
/// <see cref="UsedMemory"/>, <see cref="Count"/>, <see cref="Insertions"/> and <see cref="Evictions"/> are read at the
/// same instant, so <see cref="Insertions"/> less all <see cref="Evictions"/> is always <see cref="Count"/>. The other
/// numbers are read one after the other right after it.
/// </remarks>
public sealed record CacheSnapshot
{
    private readonly long? _effectiveMaxMemory;

    /// <summary>The cache's name. Default: empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>
    /// How entries are charged: under <see cref="EntrySizing.Declared"/> the bytes below, except
    /// <see cref="TableBytes"/> and <see cref="ReleasedBytes"/>, are declared units.
    /// </summary>
    public EntrySizing Sizing { get; init; }

    /// <summary>Which entries are evicted first.</summary>
    public EvictionPolicy EvictionPolicy { get; init; }

    /// <summary>The limit that was set, in bytes.</summary>
    public long MaxMemory { get; init; }

    /// <summary>The limit that holds now, in bytes. Default: <see cref="MaxMemory"/>.</summary>
    public long EffectiveMaxMemory
    {
        get => _effectiveMaxMemory ?? MaxMemory;
        init => _effectiveMaxMemory = value;
    }

    /// <summary>
    /// Why the limit that holds is less than <see cref="MaxMemory"/>; null where it is not: see
    /// <see cref="BoundedMemoryCacheOptions.YieldToMemoryPressure"/>.
    /// </summary>
    public CachePressure? Pressure { get; init; }

    /// <summary>How often the limit that holds fell because the process was short of memory.</summary>
    public long Yields { get; init; }

    /// <summary>Accounted bytes of the entries.</summary>
    public long UsedMemory { get; init; }

    /// <summary>The number of entries. It includes those that are expired and not removed yet.</summary>
    public int Count { get; init; }

    /// <summary>
    /// Lookups that found an entry. Null where lookups were not counted. They are counted from the beginning with
    /// <see cref="BoundedMemoryCacheOptions.TrackStatistics"/>, otherwise while the metric of requests has a listener.
    /// </summary>
    public long? Hits { get; init; }

    /// <summary>
    /// Lookups that found none, or an expired one. Null where lookups were not counted, as for <see cref="Hits"/>.
    /// </summary>
    public long? Misses { get; init; }

    /// <summary>The share of the counted lookups that were hits, from 0 to 1; null where there were none.</summary>
    public double? HitRatio =>
        Hits is { } hits && Misses is { } misses && hits + misses > 0 ? hits / (double)(hits + misses) : null;

    /// <summary>Entries ever stored, replacements included.</summary>
    public long Insertions { get; init; }

    /// <summary>Entries and bytes that left, by reason. Default: none.</summary>
    public EvictionTotals Evictions { get; init; } = new();

    /// <summary>Bytes of the entries that expired, by time or by a token.</summary>
    public long ExpiredBytes => Evictions.Expired.Bytes + Evictions.TokenExpired.Bytes;

    /// <summary>
    /// Entries that were not stored because they alone were larger than the limit. Of a byte cache also those with a
    /// key above 64 KiB, those whose room readers or other writes held, and those that the system gave no memory for.
    /// </summary>
    public long RefusedTooLarge { get; init; }

    /// <summary>Entries that were not stored because they were expired already.</summary>
    public long RefusedExpired { get; init; }

    /// <summary>Entries that were not stored.</summary>
    public long Refused => RefusedTooLarge + RefusedExpired;

    /// <summary>Keys and values whose size could only be estimated. The log names each type of them once.</summary>
    public long EstimatedSizes { get; init; }

    /// <summary>
    /// Entries whose value was not finished when it was last measured: a task that runs, a lazy that is not made, or a
    /// chain that is not counted to its end yet. Their bytes are not known.
    /// </summary>
    public int UnfinishedEntries { get; init; }

    /// <summary>Measurements of entries after they were stored, in the background.</summary>
    public long AuditedEntries { get; init; }

    /// <summary>Entries that these measurements charged anew, more or less than before.</summary>
    public long ChangedEntries { get; init; }

    /// <summary>Bytes that these measurements charged more, in all.</summary>
    public long GrownBytes { get; init; }

    /// <summary>
    /// Bytes by which values had grown in the last lap over the entries, and that no entry is charged: many entries
    /// share them, or changes are only reported (<see cref="BoundedMemoryCacheOptions.AuditOnlyReports"/>).
    /// </summary>
    public long UnchargedBytes { get; init; }

    /// <summary>How often the limit was set to its old value or less.</summary>
    public long Shrinks { get; init; }

    /// <summary>
    /// Resident bytes that the process lost while it released memory for this cache. A release that served several
    /// caches is counted with one of them.
    /// </summary>
    public long ReleasedBytes { get; init; }

    /// <summary>
    /// Time for which collections stopped the process's managed threads while it released memory for this cache,
    /// counted as <see cref="ReleasedBytes"/>.
    /// </summary>
    public TimeSpan GCPause { get; init; }

    /// <summary>
    /// Bytes of entries that left and are dead, beyond what pacing promises, which it could not collect yet: mostly
    /// because collecting has used up its share of time, as where much else is alive in the process, or because a
    /// collection failed (event 16). In a no-GC region it stays what it was. 0 in most processes.
    /// </summary>
    public long OverdueBytes { get; init; }

    /// <summary>
    /// Writes that waited for the garbage collector, because writers together made entries faster than it takes them.
    /// See <see cref="BoundedMemoryCacheOptions.PacingShare"/>.
    /// </summary>
    public long WriterWaits { get; init; }

    /// <summary>How long those writes waited, in all.</summary>
    public TimeSpan WriterWaitTime { get; init; }

    /// <summary>
    /// The report on the last shrink or release that ended; null where there was none. Raising the limit is neither, so
    /// it leaves this one.
    /// </summary>
    public ShrinkReport? LastReport { get; init; }

    /// <summary>
    /// Uses that are missing in the order of use, because too many overlapped. They only make the order less exact.
    /// </summary>
    public long LostTouches { get; init; }

    /// <summary>
    /// Bytes of the table that holds the entries: slots, order nodes, buckets and deadlines, used or free.
    /// </summary>
    public long TableBytes { get; init; }

    /// <summary>The snapshot in one line for people and logs.</summary>
    /// <returns>One line, in the invariant culture.</returns>
    public override string ToString()
    {
        var text = new StringBuilder();
        CultureInfo culture = CultureInfo.InvariantCulture;
        text.Append(culture, $"{Name}: {Count:N0} entries, {Amount(UsedMemory)} of {Amount(MaxMemory)}");
        if (EffectiveMaxMemory != MaxMemory)
        {
            text.Append(culture, $" (now {Amount(EffectiveMaxMemory)})");
        }

        if (HitRatio is { } ratio)
        {
            text.Append(culture, $"; hit ratio {ratio * 100:0.#} %");
        }

        EntryTotals left = Evictions.All;
        return text.Append(
            culture, $"; {Insertions:N0} stored, {left.Entries:N0} left ({Amount(left.Bytes)}), {Refused:N0} refused")
            .ToString();
    }

    private string Amount(long amount) => Sizing.Format(amount);
}
