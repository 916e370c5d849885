namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>A million entries given up by compaction.</summary>
internal sealed class EmptyByCompact : TableSpaceScenario
{
    protected override void Empty(BoundedMemoryCache cache) => cache.Compact(1);
}
