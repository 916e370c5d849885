using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios;

namespace BoundedCache.Memory.Tests;

/// <summary>What a release does to the memory of a real process.</summary>
public sealed class ReleaseTests
{
    private static readonly (string, string) s_server = ("DOTNET_gcServer", "1");

    [Fact]
    public async Task Memory_of_dropped_small_values_leaves_the_process() =>
        ResidentBound.AssertReleased(await ChildProcess.RunAsync<SmallArrays>());

    [Fact]
    public async Task Memory_leaves_though_survivors_are_scattered_over_the_heap() =>
        ResidentBound.AssertReleased(await ChildProcess.RunAsync<SurvivorsAtRandom>());

    [Fact]
    public async Task Memory_of_dropped_large_arrays_leaves_the_process() =>
        ResidentBound.AssertReleased(await ChildProcess.RunAsync<LargeArrays>());

    [Fact]
    public async Task Memory_leaves_under_server_collection_too() =>
        ResidentBound.AssertReleased(await ChildProcess.RunAsync<SurvivorsAtRandom>(s_server));

    [Fact]
    public async Task Memory_leaves_under_server_collection_without_dynamic_adaptation() =>
        ResidentBound.AssertReleased(
            await ChildProcess.RunAsync<SurvivorsAtRandom>(s_server, ("DOTNET_GCDynamicAdaptationMode", "0")));

    [Fact]
    public async Task Memory_leaves_though_a_background_collection_is_under_way() =>
        ResidentBound.AssertReleased(await ChildProcess.RunAsync<BackgroundUnderWay>());

    [Fact]
    public async Task Memory_of_large_arrays_leaves_under_server_collection_too() =>
        ResidentBound.AssertReleased(await ChildProcess.RunAsync<LargeArrays>(s_server));

    [Fact]
    public async Task Memory_of_values_with_finalizers_leaves_with_a_second_collection()
    {
        ScenarioResult result = await ChildProcess.RunAsync<Finalizable>();

        ResidentBound.AssertReleased(result);
        Assert.Equal(2, result.Collections);
    }

    [Fact]
    public async Task A_stuck_finalizer_delays_the_release_by_two_seconds_and_is_named()
    {
        ScenarioResult result = await ChildProcess.RunAsync<StuckFinalizer>();

        ResidentBound.AssertPartial(result, "Finalizers did not finish");
        ReleaseBounds.AssertWaited(result);
    }

    [Fact]
    public async Task Pinned_survivors_make_a_partial_release_that_says_so() =>
        ResidentBound.AssertPartial(await ChildProcess.RunAsync<PinnedSurvivors>(), "pinned objects");

    [Fact]
    public async Task A_few_pins_are_told_where_they_cost_more_than_the_promise_allows()
    {
        ScenarioResult result = await ChildProcess.RunAsync<FewPins>();

        if (result.Outcome == ReleaseOutcome.Released)
        {
            // How many regions the pins fall into is the collector's affair; that nothing is
            // concealed is the release's.
            ResidentBound.AssertHolds(result);
        }
        else
        {
            Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
            Assert.Contains(
                result.Advice, static advice => advice.Contains("pinned objects", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Values_that_others_still_hold_make_a_partial_release_that_says_so() =>
        ResidentBound.AssertPartial(await ChildProcess.RunAsync<HeldElsewhere>(), "still referenced");

    [Fact]
    public async Task A_no_GC_region_outlives_a_release()
    {
        ScenarioResult result = await ChildProcess.RunAsync<NoGCRegion>();

        Assert.Equal(ReleaseOutcome.Skipped, result.Outcome);
        Assert.Equal(1, result.Figures["stillInRegion"]);
    }

    [Fact]
    public async Task Memory_leaves_though_the_runtime_is_set_to_retain_it() =>
        ResidentBound.AssertReleased(await ChildProcess.RunAsync<SurvivorsAtRandom>(("DOTNET_GCRetainVM", "1")));

    [Fact]
    public async Task Memory_leaves_though_another_thread_collects_all_the_time()
    {
        ScenarioResult result = await ChildProcess.RunAsync<CollectionsByOthers>();

        ResidentBound.AssertHolds(result);
        Assert.InRange(result.Collections, 1, 2);
    }

    [Fact]
    public async Task A_storm_of_requests_costs_two_collections_and_draws_no_complaint()
    {
        ScenarioResult result = await ChildProcess.RunAsync<Storm>();

        Assert.InRange(result.Figures["runs"], 1, 2);
        Assert.InRange(result.Figures["collections"], 1, 2);
        Assert.Equal(0, result.Figures["complaints"]);
    }
}
