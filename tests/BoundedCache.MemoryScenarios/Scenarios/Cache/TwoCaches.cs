using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Two caches of 200 MB each whose limits are lowered to a tenth at once.</summary>
internal class TwoCaches : Scenario
{
    private const long FullBytes = 200_000_000;
    private const long ShrunkBytes = 20_000_000;

    /// <summary>How the caches release.</summary>
    protected virtual ReleaseMode Mode => ReleaseMode.Full;

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        using BoundedMemoryCache one = Fill();
        using BoundedMemoryCache other = Fill();
        int before = GC.CollectionCount(2);
        Task<ShrinkReport> first = one.SetMaxMemoryAsync(ShrunkBytes);
        Task<ShrinkReport> second = other.SetMaxMemoryAsync(ShrunkBytes);
        ShrinkReport[] reports = Task.WhenAll(first, second).GetAwaiter().GetResult();
        ScenarioResult result =
            ScenarioResult.From(empty, 2 * ShrunkBytes, reports[1] with { After = ProcessMemorySnapshot.Take() }) with
            {
                Earlier = ScenarioResult.From(empty, 2 * ShrunkBytes, reports[0]),
            };
        result.Figures["collections"] = GC.CollectionCount(2) - before;
        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private BoundedMemoryCache Fill()
    {
        var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = FullBytes, ReleaseMode = Mode });
        for (int i = 0; i == cache.Count; i++)
        {
            using ICacheEntry entry = cache.CreateEntry(i);
            entry.Value = new byte[1024];
        }

        return cache;
    }
}
