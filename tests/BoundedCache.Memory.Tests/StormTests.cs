using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios.Cache;

namespace BoundedCache.Memory.Tests;

/// <summary>Many changes of the limit in a short time.</summary>
public sealed class StormTests
{
    [Fact]
    public async Task A_hundred_changes_in_ten_seconds_cost_at_most_three_collections_and_the_memory_leaves()
    {
        ScenarioResult result = await ChildProcess.RunAsync<LimitStorm>();

        // On a machine that is busy with other things the hundred may take longer than ten seconds, and each further
        // ten may cost as much again.
        int allowed = 3 * (int)Math.Ceiling((result.Figures["seconds"] - 0.5) / 10);
        Assert.InRange(result.Figures["collectionsDuring"], 1, allowed);
        Assert.InRange(result.Figures["collections"], 2, allowed);
        Assert.InRange(result.Figures["skipped"], 100 - allowed, 99);
        Assert.Equal(result.Figures["skipped"], result.Figures["putOff"] + result.Figures["tooLittle"]);
        Assert.InRange(result.Figures["putOff"], 90 - allowed, 99);
        Assert.Equal(0, result.Figures["advice"]);
        Assert.Equal(40_000_000, result.Figures["maxMemory"]);
        Assert.InRange(result.Figures["usedBytes"], 1, 40_000_000);
        ResidentBound.AssertHolds(result);
    }

    [Fact]
    public async Task Two_caches_that_shrink_at_once_cost_at_most_two_collections()
    {
        ScenarioResult result = await ChildProcess.RunAsync<TwoCaches>();

        ResidentBound.AssertHolds(result);
        Assert.InRange(result.Figures["collections"], 1, 2);
        SharedReleaseReports.AssertOfTwo(result);
    }
}
