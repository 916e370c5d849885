namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>A limit lowered without a release, and a release later on.</summary>
internal sealed class KeepThenRelease : ShrinkSmallValues
{
    protected override ReleaseMode DefaultMode => ReleaseMode.None;

    protected override ScenarioResult Shrink(BoundedMemoryCache cache, ProcessMemorySnapshot empty)
    {
        ShrinkReport kept = cache.SetMaxMemoryAsync(ShrunkBytes).GetAwaiter().GetResult();
        ShrinkReport released = cache.ReleaseAsync().GetAwaiter().GetResult();
        return ScenarioResult.From(empty, ShrunkBytes, released) with
        {
            Earlier = ScenarioResult.From(empty, ShrunkBytes, kept),
        };
    }
}
