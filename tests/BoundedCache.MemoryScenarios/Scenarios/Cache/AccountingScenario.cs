using System.Runtime.CompilerServices;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>What a cache says that it uses, held against what the collector says that it keeps alive.</summary>
internal abstract class AccountingScenario : Scenario
{
    /// <summary>How many entries are stored.</summary>
    protected virtual int Entries => 1_000_000;

    /// <summary>Makes one value that shares nothing with others.</summary>
    protected abstract object Make(int number);

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        Fill(10).Dispose();
        long before = LiveHeap.Bytes();
        BoundedMemoryCache cache = Fill(Entries);
        long alive = LiveHeap.Bytes() - before;
        var result = new ScenarioResult
        {
            Figures = new Dictionary<string, double>
            {
                ["aliveBytes"] = alive,
                ["usedBytes"] = cache.UsedMemory,
                ["entries"] = cache.Count,
            },
        };
        cache.Dispose();
        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private BoundedMemoryCache Fill(int entries)
    {
        var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = long.MaxValue });
        for (int i = 0; i < entries; i++)
        {
            using ICacheEntry entry = cache.CreateEntry($"key {i:D8}");
            entry.Value = Make(i);
        }

        return cache;
    }
}
