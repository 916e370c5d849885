using System.Runtime.CompilerServices;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>A million small entries come and go; what is left is the empty cache's own.</summary>
internal abstract class TableSpaceScenario : Scenario
{
    protected const int Entries = 1_000_000;

    /// <summary>Takes everything out of the cache.</summary>
    protected abstract void Empty(BoundedMemoryCache cache);

    /// <summary>The cache's settings.</summary>
    protected virtual BoundedMemoryCacheOptions Options { get; } =
        new() { MaxMemory = 1_000_000_000, ReleaseMode = ReleaseMode.None };

    /// <summary>Says more of an entry than its value.</summary>
    protected virtual void Describe(ICacheEntry entry)
    {
    }

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        // Once in small, so that what code and statics need at their first use is not counted.
        Play(10);
        long before = LiveHeap.Bytes();
        BoundedMemoryCache cache = Fill(Entries);
        long full = LiveHeap.Bytes() - before;
        Empty(cache);
        long kept = LiveHeap.Bytes() - before;
        var result = new ScenarioResult
        {
            Figures = new Dictionary<string, double>
            {
                ["fullBytes"] = full,
                ["keptBytes"] = kept,
                ["entries"] = cache.Count,
                ["usedBytes"] = cache.UsedMemory,
            },
        };
        cache.Dispose();
        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Play(int entries)
    {
        using BoundedMemoryCache cache = Fill(entries);
        Empty(cache);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private BoundedMemoryCache Fill(int entries)
    {
        var cache = new BoundedMemoryCache(Options);
        for (int i = 0; i < entries; i++)
        {
            using ICacheEntry entry = cache.CreateEntry(i);
            entry.Value = string.Empty;
            Describe(entry);
        }

        return cache;
    }
}
