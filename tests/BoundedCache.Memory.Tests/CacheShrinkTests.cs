using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios.Cache;

namespace BoundedCache.Memory.Tests;

/// <summary>What lowering the limit of a full cache does to the memory of its process.</summary>
public sealed class CacheShrinkTests
{
    [Fact]
    public async Task A_shrink_takes_the_memory_of_small_values_out_of_the_process() =>
        AssertShrunk(await ChildProcess.RunAsync<ShrinkSmallValues>());

    [Fact]
    public async Task A_shrink_takes_the_memory_of_large_objects_out_of_the_process() =>
        AssertShrunk(await ChildProcess.RunAsync<ShrinkLargeValues>());

    [Fact]
    public async Task Memory_leaves_though_small_survivors_are_scattered() =>
        AssertShrunk(await ChildProcess.RunAsync<ShrinkSmallAtRandom>());

    [Fact]
    public async Task Memory_leaves_though_large_survivors_are_scattered() =>
        AssertShrunk(await ChildProcess.RunAsync<ShrinkLargeAtRandom>());

    [Fact]
    public async Task A_shrink_to_one_byte_leaves_nothing()
    {
        ScenarioResult result = await ChildProcess.RunAsync<ShrinkToOneByte>();

        AssertShrunk(result);
        Assert.Equal(0, result.Figures["entries"]);
    }

    [Fact]
    public async Task The_setter_has_done_everything_when_it_returns()
    {
        ScenarioResult result = await ChildProcess.RunAsync<ShrinkBySetter>();

        ResidentBound.AssertWasFull(result, 400_000_000);
        ResidentBound.AssertHolds(result);
        Assert.InRange(result.Figures["usedBytes"], 38_000_000, 40_000_000);
    }

    [Fact]
    public async Task Where_RSS_stays_because_of_something_else_the_report_says_that_it_is_not_the_cache()
    {
        ScenarioResult result = await ChildProcess.RunAsync<ShrinkBesideList>();

        ResidentBound.AssertHolds(result);
        Assert.True(result.Outcome == ReleaseOutcome.Released, result.Reason);
        Assert.InRange(result.AboveEmptyBytes, ShrinkBesideList.ListBytes, long.MaxValue);
        Assert.StartsWith("It is not the cache: ", Assert.Single(result.Advice), StringComparison.Ordinal);
    }

    /// <summary>The memory is gone, the cache holds as much as it may, and the report is right about both.</summary>
    private static void AssertShrunk(ScenarioResult result)
    {
        ResidentBound.AssertReleased(result);
        ResidentBound.AssertWasFull(result, 400_000_000);
        Assert.InRange(result.Figures["usedBytes"], result.LiveBytes - 300_000, result.LiveBytes);
        Assert.Equal(result.Figures["entriesBefore"] - result.Figures["entries"], result.Figures["entriesEvicted"]);
        Assert.InRange(result.Figures["bytesEvicted"], 399_000_000 - result.LiveBytes, 401_000_000 - result.LiveBytes);
        Assert.Equal(400_000_000, result.Figures["oldMaxBytes"]);
        Assert.Equal(result.LiveBytes, result.Figures["newMaxBytes"]);
        Assert.InRange(result.Collections, 1, 2);
        Assert.InRange(result.PauseMilliseconds, 1, result.DurationMilliseconds);
    }
}
