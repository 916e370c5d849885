namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>A million entries given up at once.</summary>
internal sealed class EmptyByClear : TableSpaceScenario
{
    protected override void Empty(BoundedMemoryCache cache) => cache.Clear();
}
