namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>A million entries evicted by a lower limit.</summary>
internal sealed class EmptyByLimit : TableSpaceScenario
{
    protected override void Empty(BoundedMemoryCache cache) => cache.MaxMemory = 1;
}
