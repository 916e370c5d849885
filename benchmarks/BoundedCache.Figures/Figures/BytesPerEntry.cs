using BitFaster.Caching.Lru;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>What a cache costs beside the keys and values, which exist before it does.</summary>
internal sealed class BytesPerEntry : IFigure
{
    private const int Entries = 1_000_000;

    public string Name => "bytes-per-entry";

    public string Title => "bytes per entry beyond key and value, 1M entries";

    public IEnumerable<Row> Run()
    {
        yield return new("BoundedCache, no expiry", $"{Child.Measure(Name, "bounded", "plain")[0]:N1}", "<= 56");
        yield return new("BoundedCache, absolute expiry", $"{Child.Measure(Name, "bounded", "expiry")[0]:N1}", "<= 64");
        yield return new("MemoryCache, no expiry", $"{Child.Measure(Name, "microsoft", "plain")[0]:N1}");
        yield return new("MemoryCache, absolute expiry", $"{Child.Measure(Name, "microsoft", "expiry")[0]:N1}");
        yield return new(
            "FastConcurrentLru (limited by count), no expiry", $"{Child.Measure(Name, "fast-concurrent-lru")[0]:N1}");
    }

    public void Measure(string[] args)
    {
        string[] keys = [.. Enumerable.Range(0, Entries).Select(Caches.Key)];
        object value = new();
        if (args[0] == "fast-concurrent-lru")
        {
            MeasureFastConcurrentLru(keys, value);
            return;
        }

        using IMemoryCache cache = args[0] == "bounded" ? Caches.Bounded() : Caches.Microsoft();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (string key in keys)
        {
            using ICacheEntry entry = cache.CreateEntry(key);
            entry.Value = value;
            entry.AbsoluteExpirationRelativeToNow = args[1] == "expiry" ? TimeSpan.FromHours(1) : null;
        }

        Child.Answer((GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Entries);
        GC.KeepAlive(keys);
    }

    /// <summary>It makes its table for all entries at once, so the cache itself is made in between.</summary>
    private static void MeasureFastConcurrentLru(string[] keys, object value)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var cache = new FastConcurrentLru<string, object>(
            Environment.ProcessorCount, Entries, EqualityComparer<string>.Default);
        foreach (string key in keys)
        {
            cache.AddOrUpdate(key, value);
        }

        Child.Answer((GC.GetTotalMemory(forceFullCollection: true) - before) / (double)cache.Count);
        GC.KeepAlive(keys);
        GC.KeepAlive(cache);
    }
}
