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
    }

    public void Measure(string[] args)
    {
        string[] keys = [.. Enumerable.Range(0, Entries).Select(Caches.Key)];
        object value = new();
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
}
