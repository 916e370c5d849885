using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios;
using BoundedCache.MemoryScenarios.Scenarios.Cache;

namespace BoundedCache.Memory.Tests;

/// <summary>
/// What gentle releases do to the memory of a real process. They are held to the promise on RSS as full ones are: 1.10
/// times what is meant to stay, and 10 MB. How long they stop the process is measured in benchmarks.
/// </summary>
public sealed class GentleReleaseTests
{
    private static (string, string)[] Settings(string server, string adaptation) =>
        [("DOTNET_gcServer", server), ("DOTNET_GCDynamicAdaptationMode", adaptation)];

    [Theory]
    [InlineData("0", "0")]
    [InlineData("1", "1")]
    public async Task Memory_of_survivors_in_order_leaves_in_slices(string server, string adaptation) =>
        AssertGentle(await ChildProcess.RunAsync<GentleSmallValues>(Settings(server, adaptation)));

    [Theory]
    [InlineData("0", "0")]
    [InlineData("1", "0")]
    public async Task Memory_of_scattered_survivors_leaves_in_slices(string server, string adaptation) =>
        AssertGentle(await ChildProcess.RunAsync<GentleSmallAtRandom>(Settings(server, adaptation)));

    [Fact]
    public async Task Memory_of_values_with_finalizers_leaves() =>
        AssertGentle(await ChildProcess.RunAsync<GentleFinalizable>());

    [Fact]
    public async Task Memory_leaves_though_a_background_collection_was_under_way() =>
        AssertGentle(await ChildProcess.RunAsync<GentleBackgroundUnderWay>());

    [Fact]
    public async Task Memory_leaves_where_nothing_is_collected_in_the_background() =>
        AssertGentle(await ChildProcess.RunAsync<GentleSmallValues>(("DOTNET_gcConcurrent", "0")));

    [Fact]
    public async Task Memory_leaves_though_the_runtime_is_set_to_retain_it() =>
        AssertGentle(await ChildProcess.RunAsync<GentleSmallValues>(("DOTNET_GCRetainVM", "1")));

    [Fact]
    public async Task Pinned_survivors_make_a_partial_release_that_says_so() =>
        ResidentBound.AssertPartial(await ChildProcess.RunAsync<GentlePinnedSurvivors>(), "pinned objects");

    [Fact]
    public async Task Two_caches_share_one_gentle_release_or_two()
    {
        ScenarioResult result = await ChildProcess.RunAsync<TwoCachesGently>();

        ResidentBound.AssertHolds(result);
        SharedReleaseReports.AssertOfTwo(result);
    }

    private static void AssertGentle(ScenarioResult result)
    {
        ResidentBound.AssertHolds(result);
        Assert.True(result.Outcome == ReleaseOutcome.Released, result.Reason);
        Assert.Contains("slices within", result.Reason, StringComparison.Ordinal);
        Assert.InRange(result.Collections, 0, 2);
    }
}
