using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios.Cache;

namespace BoundedCache.Memory.Tests;

/// <summary>A real process that holds much more than it needs and is quiet.</summary>
public sealed class IdleReleaseTests
{
    [Fact]
    public async Task Its_memory_leaves_though_nobody_asks()
    {
        ScenarioResult result = await ChildProcess.RunAsync<IdleProcess>();

        Assert.InRange(result.BeforeBytes - result.EmptyBytes, 395_000_000, long.MaxValue);
        ResidentBound.AssertHolds(result);
    }
}
