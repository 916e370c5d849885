namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Large objects whose survivors lie scattered over the heap.</summary>
internal sealed class ShrinkLargeAtRandom : ShrinkLargeValues
{
    protected override void Prepare(BoundedMemoryCache cache) => RandomTenth.Use(cache, Random);
}
