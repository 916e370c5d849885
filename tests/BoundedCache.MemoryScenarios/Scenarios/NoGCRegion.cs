using System.Runtime;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>A release that is asked for while the process is in a no-GC region.</summary>
internal sealed class NoGCRegion : SmallArrays
{
    protected override void Prepare(IEnumerable<object> survivors) => GC.TryStartNoGCRegion(10_000_000);

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        ScenarioResult result = base.Run(empty);
        return result with
        {
            Figures = new Dictionary<string, double>
            {
                ["stillInRegion"] = GCSettings.LatencyMode == GCLatencyMode.NoGCRegion ? 1 : 0,
            },
        };
    }
}
