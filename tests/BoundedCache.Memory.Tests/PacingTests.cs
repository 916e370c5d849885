using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios;

namespace BoundedCache.Memory.Tests;

/// <summary>
/// What a full cache makes of the process while new entries keep coming. The figures themselves
/// are benchmarks' (churn).
/// </summary>
public sealed class PacingTests
{
    private static readonly Lazy<Task<ScenarioResult>> s_paced = new(static () => ChildProcess.RunAsync<PacedChurn>());

    [Fact]
    public async Task A_churning_process_stays_near_its_limit() => AssertNearLimit(await s_paced.Value);

    [Fact]
    public async Task Several_caches_together_stay_near_the_sum_of_their_limits() =>
        AssertNearLimit(await ChildProcess.RunAsync<PacedChurnOfFour>());

    [Fact]
    public async Task Without_pacing_nothing_is_asked_for_and_the_process_grows_further()
    {
        ScenarioResult paced = await s_paced.Value;
        ScenarioResult unpaced = await ChildProcess.RunAsync<UnpacedChurn>();

        Assert.Equal((0, 0), (unpaced.Collections, unpaced.Figures["youngCollections"]));
        Assert.InRange(unpaced.AboveEmptyBytes, paced.AboveEmptyBytes, long.MaxValue);
    }

    [Fact]
    public async Task A_process_that_collects_often_by_itself_is_asked_for_nothing()
    {
        // A young generation that the runtime never finds full, whatever the processor: it would collect it early on
        // some, which pacing forestalls.
        ScenarioResult result = await ChildProcess.RunAsync<CollectedChurn>(("DOTNET_GCgen0size", "4000000"));

        Assert.Equal((0, 0), (result.Collections, result.Figures["youngCollections"]));
    }

    [Fact]
    public async Task A_no_GC_region_outlives_pacing_which_goes_on_after_it()
    {
        ScenarioResult result = await ChildProcess.RunAsync<ChurnWithoutGC>();

        Assert.Equal(0, result.Figures["inRegion"]);
        Assert.Equal(1, result.Figures["stillInRegion"]);
        Assert.InRange(result.Collections, 1, int.MaxValue);
    }

    /// <summary>
    /// Tolerance: half of the limit, where Workstation GC keeps to a quarter: with a limit this small it stands at 1.34
    /// times. Without pacing it is at 3.3 times: the young generation has room for all that is ever written. Where the
    /// machine is busy for a moment the collection comes late, whatever pacing does: the lowest of three runs counts.
    /// </summary>
    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public async Task Server_collection_is_paced_too_whether_it_adapts_or_not(string adaptation)
    {
        const long Bound = PacedChurn.LimitBytes * 3 / 2;
        ScenarioResult result;
        int runs = 0;
        do
        {
            result = await ChildProcess.RunAsync<PacedChurn>(
                ("DOTNET_gcServer", "1"), ("DOTNET_GCDynamicAdaptationMode", adaptation));
        }
        while (result.AboveEmptyBytes > Bound && ++runs < 3);

        Assert.InRange(result.Collections, 1, int.MaxValue);
        Assert.InRange(result.AboveEmptyBytes, result.LiveBytes, Bound);
    }

    /// <summary>
    /// The bound that docs/LIMITS.md promises, and 32 MiB for a machine that is so busy that the collection in the
    /// background gets little of it.
    /// </summary>
    [Fact]
    public async Task Many_writers_at_full_speed_are_held_to_the_bound()
    {
        ScenarioResult paced = await ChildProcess.RunAsync<PacedWriters>();
        ScenarioResult unpaced = await ChildProcess.RunAsync<UnpacedWriters>();

        const long Bound = (PacedWriters.LimitBytes * 5 / 4) + (48L << 20);
        Assert.InRange(paced.AboveEmptyBytes, paced.LiveBytes, Bound + (32L << 20));
        Assert.InRange(paced.Figures["waits"], 1, double.MaxValue);
        Assert.InRange(paced.Figures["writtenBytes"], 2.0 * PacedWriters.LimitBytes, double.MaxValue);
        Assert.InRange(unpaced.AboveEmptyBytes, paced.AboveEmptyBytes, long.MaxValue);
    }

    /// <summary>
    /// Tolerance: the quarter of the limit that is promised, and 10 MB for what the runtime itself has grown by since
    /// the process was empty. Without pacing it is twice the limit.
    /// </summary>
    private static void AssertNearLimit(ScenarioResult result)
    {
        Assert.InRange(result.AboveEmptyBytes, result.LiveBytes, (PacedChurn.LimitBytes * 5 / 4) + 10_000_000);
        Assert.InRange(result.Collections, 1, (int)(result.Figures["evictedBytes"] / (8L << 20)) + 1);
    }
}
