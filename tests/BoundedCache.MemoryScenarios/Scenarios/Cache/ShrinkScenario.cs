using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Fills a cache of 400 MB to its limit and lowers the limit to 40 MB.</summary>
internal abstract class ShrinkScenario : Scenario
{
    protected const long FullBytes = 400_000_000;

    /// <summary>The same choices in every run.</summary>
    protected Random Random { get; } = new(20260101);

    /// <summary>The limit afterwards.</summary>
    protected virtual long ShrunkBytes => 40_000_000;

    /// <summary>How the cache releases unless it is told otherwise.</summary>
    protected virtual ReleaseMode DefaultMode => ReleaseMode.Full;

    /// <summary>Makes one value, all its pages written.</summary>
    protected abstract byte[] Make();

    /// <summary>Looks at the full cache before it is shrunk.</summary>
    protected virtual void Prepare(BoundedMemoryCache cache)
    {
    }

    /// <summary>Lowers the limit.</summary>
    protected virtual ScenarioResult Shrink(BoundedMemoryCache cache, ProcessMemorySnapshot empty) =>
        ScenarioResult.From(empty, ShrunkBytes, cache.SetMaxMemoryAsync(ShrunkBytes).GetAwaiter().GetResult());

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { MaxMemory = FullBytes, ReleaseMode = DefaultMode });
        Fill(cache);
        Prepare(cache);
        int countBefore = cache.Count;
        ScenarioResult result = Shrink(cache, empty);
        result.Figures["usedBytes"] = cache.UsedMemory;
        result.Figures["entriesBefore"] = countBefore;
        result.Figures["entries"] = cache.Count;
        return result;
    }

    /// <summary>Stores values until the cache has begun to evict.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Fill(BoundedMemoryCache cache)
    {
        for (int i = 0; i == cache.Count; i++)
        {
            using ICacheEntry entry = cache.CreateEntry(Key(i));
            entry.Value = Make();
        }
    }

    protected static string Key(int number) => $"key {number:D8}";
}
