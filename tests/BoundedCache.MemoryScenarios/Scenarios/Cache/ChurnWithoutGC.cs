using System.Runtime;
using BoundedCache.Pacing;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>
/// Twice the pacer's budget for small caches leaves one in a no-GC region, and as much again after it.
/// </summary>
internal sealed class ChurnWithoutGC : Scenario
{
    private const long RegionBytes = 100_000_000;
    private const int ValueBytes = 1024;
    private const long WrittenBytes = 2 * PacingBudget.SmallCacheBytes;

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = 1_000_000 });
        if (!GC.TryStartNoGCRegion(RegionBytes))
        {
            throw new InvalidOperationException("The process could not enter a no-GC region.");
        }

        Churn(cache);
        long inRegion = Pacer.Shared.Collections;
        bool stillInRegion = GCSettings.LatencyMode == GCLatencyMode.NoGCRegion;
        GC.EndNoGCRegion();
        Churn(cache);
        return new ScenarioResult
        {
            Collections = (int)(Pacer.Shared.Collections - inRegion),
            Figures =
                new Dictionary<string, double> { ["inRegion"] = inRegion, ["stillInRegion"] = stillInRegion ? 1 : 0 },
        };
    }

    private static void Churn(BoundedMemoryCache cache)
    {
        for (long written = 0; written < WrittenBytes; written += ValueBytes)
        {
            cache.Set(written, new byte[ValueBytes]);
        }
    }
}
