using System.Diagnostics.Metrics;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Diagnostics;

/// <summary>
/// The instruments of a cache: observed when somebody collects, so that reads and writes pay nothing for them. They hold the cache
/// weakly, since a meter lives as long as its factory.
/// </summary>
internal static class CacheMeter
{
    public const string MeterName = "BoundedCache";

    public static void Publish(IMeterFactory? factory, BoundedMemoryCache cache)
    {
        if (factory is null)
        {
            return;
        }

        Meter meter = factory.Create(MeterName);
        var weak = new WeakReference<BoundedMemoryCache>(cache);
        KeyValuePair<string, object?>[] tags = [new("cache.name", cache.Name)];
        meter.CreateObservableUpDownCounter("bounded_cache.memory.used", () => Observe(weak, tags, static c => c.UsedMemory), "By", "Accounted bytes of the entries.");
        meter.CreateObservableUpDownCounter("bounded_cache.memory.limit", () => Observe(weak, tags, static c => c.MaxMemory), "By", "The limit of accounted bytes.");
        meter.CreateObservableUpDownCounter("bounded_cache.entries", () => Observe(weak, tags, static c => c.Count), "{entry}", "Entries in the cache.");
        if (cache.GetCurrentStatistics() is not null)
        {
            KeyValuePair<string, object?>[] hit = [.. tags, new("cache.request.outcome", "hit")];
            KeyValuePair<string, object?>[] miss = [.. tags, new("cache.request.outcome", "miss")];
            meter.CreateObservableCounter(
                "bounded_cache.requests",
                () => Observe(weak, hit, static c => Statistics(c).TotalHits).Concat(Observe(weak, miss, static c => Statistics(c).TotalMisses)),
                "{request}",
                "Lookups, by outcome.");
        }
    }

    private static MemoryCacheStatistics Statistics(BoundedMemoryCache cache) => cache.GetCurrentStatistics()!;

    private static Measurement<long>[] Observe(
        WeakReference<BoundedMemoryCache> weak, KeyValuePair<string, object?>[] tags, Func<BoundedMemoryCache, long> value) =>
        weak.TryGetTarget(out BoundedMemoryCache? cache) ? [new Measurement<long>(value(cache), tags)] : [];
}
