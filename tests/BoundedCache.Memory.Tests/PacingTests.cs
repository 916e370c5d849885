using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios;

namespace BoundedCache.Memory.Tests;

/// <summary>What a full cache makes of the process while new entries keep coming. The figures themselves are benchmarks' (churn).</summary>
public sealed class PacingTests
{
    /// <summary>
    /// Tolerance: half the limit and 10 MB, where a quarter is promised of larger limits: the young generation's budget does not shrink with the limit, and the
    /// collector may have to share its processor with other tests. Without pacing it is more than twice the limit.
    /// </summary>
    [Fact]
    public async Task A_churning_process_stays_near_its_limit()
    {
        ScenarioResult result = await ChildProcess.RunAsync<PacedChurn>();

        Assert.InRange(result.AboveEmptyBytes, result.LiveBytes, (PacedChurn.LimitBytes * 3 / 2) + 10_000_000);
        Assert.InRange(result.Collections, 1, int.MaxValue);
    }

    [Fact]
    public async Task Without_pacing_nothing_is_asked_for_and_the_process_grows_further()
    {
        ScenarioResult paced = await ChildProcess.RunAsync<PacedChurn>();
        ScenarioResult unpaced = await ChildProcess.RunAsync<UnpacedChurn>();

        Assert.Equal(0, unpaced.Collections);
        Assert.InRange(unpaced.AboveEmptyBytes, paced.AboveEmptyBytes, long.MaxValue);
    }
}
