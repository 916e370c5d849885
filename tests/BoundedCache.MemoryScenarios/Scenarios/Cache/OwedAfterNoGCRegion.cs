namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>The process is in a no-GC region while the limit is lowered.</summary>
internal sealed class OwedAfterNoGCRegion : OwedScenario
{
    protected override void Keep() => GC.TryStartNoGCRegion(10_000_000);

    protected override void LetGo() => GC.EndNoGCRegion();
}
