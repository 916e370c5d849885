namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Values of 1 KiB, evicted in the order in which they came.</summary>
internal class ShrinkSmallValues : ShrinkScenario
{
    protected override byte[] Make() => new byte[1024];
}
