using System.Text.Json.Serialization;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Json;

namespace BoundedCache.AspNetCore.Caches;

/// <summary>One cache as the API shows it: amounts in bytes, nothing of what it holds.</summary>
/// <remarks>
/// <para><c>HitRatio</c>: Of all lookups that were counted, from 0 to 1; null where none were.</para>
/// <para><c>Refused</c>: Entries that were not stored: larger than the limit, or expired already.</para>
/// <para><c>LastShrink</c>: The last time that the limit was lowered, or memory released; null for never.</para>
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
        lastShrink);
}
