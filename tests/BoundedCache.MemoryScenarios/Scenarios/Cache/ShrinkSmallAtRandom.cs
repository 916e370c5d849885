namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Values of 1 KiB whose survivors lie scattered over the heap.</summary>
internal class ShrinkSmallAtRandom : ShrinkSmallValues
{
    protected override void Prepare(BoundedMemoryCache cache) => RandomTenth.Use(cache, Random);
}
