namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>
/// Scattered survivors, and the limit lowered by the property, which has done everything when it returns.
/// </summary>
internal sealed class ShrinkBySetter : ShrinkSmallAtRandom
{
    protected override ScenarioResult Shrink(BoundedMemoryCache cache, ProcessMemorySnapshot empty)
    {
        var before = ProcessMemorySnapshot.Take();
        cache.MaxMemory = ShrunkBytes;
        return new ScenarioResult
        {
            EmptyBytes = ScenarioResult.Anonymous(empty),
            BeforeBytes = ScenarioResult.Anonymous(before),
            AfterBytes = ScenarioResult.Anonymous(ProcessMemorySnapshot.Take()),
            LiveBytes = ShrunkBytes,
        };
    }
}
