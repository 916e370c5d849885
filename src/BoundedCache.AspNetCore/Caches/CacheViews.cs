using System.Text.Json.Serialization;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Json;

namespace BoundedCache.AspNetCore.Caches;

/// <summary>All caches, their process, and what may be done to them.</summary>
/// <remarks><c>CanChange</c>: Whether the sender of the request may change anything.</remarks>
internal sealed record CacheListView(
    IReadOnlyList<CacheView> Caches,
    ProcessMemorySnapshot Process,
    LimitBounds Limits,
    bool CanChange,
    double SampleIntervalMilliseconds);

/// <summary>The limits that may be set, in bytes.</summary>
/// <remarks><c>MaximumBytes</c>: Null for no maximum.</remarks>
internal sealed record LimitBounds(long MinimumBytes, long? MaximumBytes);

/// <summary>One cache as the API shows it: amounts in bytes, no contents.</summary>
/// <remarks>
/// <para><c>HitRatio</c>: Hits per counted lookup, from 0 to 1; null if no lookups were counted.</para>
/// <para><c>Refused</c>: Entries that were not stored: larger than the limit, or expired already.</para>
/// <para><c>EffectiveMaxBytes</c>: The limit that holds now; less than <c>MaxBytes</c> under memory pressure.</para>
/// <para><c>Pressure</c>: Why the limit that holds is less than <c>MaxBytes</c>; null where it is not.</para>
/// <para><c>LastShrink</c>: The last time that the limit was lowered or memory was released; null for never.</para>
/// </remarks>
internal sealed record CacheView(
    string Name,
    [property: JsonConverter(typeof(CamelCaseEnum<EntrySizing>))] EntrySizing Sizing,
    long MaxBytes,
    long UsedBytes,
    int Count,
    long? Hits,
    long? Misses,
    double? HitRatio,
    long Insertions,
    EvictionTotals Evictions,
    long Refused,
    long TableBytes,
    long EffectiveMaxBytes,
    PressureView? Pressure,
    ShrinkView? LastShrink)
{
    public static CacheView From(CacheSnapshot cache, ShrinkView? lastShrink) => new(
        cache.Name,
        cache.Sizing,
        cache.MaxMemory,
        cache.UsedMemory,
        cache.Count,
        cache.Hits,
        cache.Misses,
        cache.HitRatio is { } ratio ? Math.Round(ratio, 4) : null,
        cache.Insertions,
        cache.Evictions,
        cache.Refused,
        cache.TableBytes,
        cache.EffectiveMaxMemory,
        cache.Pressure is { } pressure ? PressureView.From(pressure) : null,
        lastShrink);
}

/// <summary>Why a cache has less than its limit: how much it yields, since when, and before which limit.</summary>
internal sealed record PressureView(
    [property: JsonConverter(typeof(CamelCaseEnum<MemoryPressureKind>))] MemoryPressureKind Kind,
    long LimitBytes,
    long UsedBytes,
    long YieldedBytes,
    DateTimeOffset Since,
    bool IsStopped,
    string Text)
{
    public static PressureView From(CachePressure pressure) => new(
        pressure.Kind,
        pressure.LimitBytes,
        pressure.UsedBytes,
        pressure.YieldedBytes,
        pressure.Since,
        pressure.IsStopped,
        pressure.ToString());
}

/// <summary>
/// What a limit would evict if it were set now. An estimate: it assumes entries of equal size, and the cache keeps
/// working meanwhile.
/// </summary>
internal sealed record LimitPreview(
    string CacheName, long OldMaxBytes, long NewMaxBytes, long UsedBytes, long EntriesToEvict, long BytesToEvict)
{
    /// <summary>Why this process could not hold such a limit, and what to do; null where it could.</summary>
    public string? Advice { get; init; }

    public static LimitPreview Create(CacheSnapshot cache, long newMaxBytes)
    {
        long bytes = Math.Max(0, cache.UsedMemory - newMaxBytes);
        long entries = bytes == 0 ? 0 : Math.Clamp(
            (long)Math.Ceiling((double)bytes / cache.UsedMemory * cache.Count), 1, Math.Max(1, cache.Count));
        return new LimitPreview(cache.Name, cache.MaxMemory, newMaxBytes, cache.UsedMemory, entries, bytes);
    }
}
