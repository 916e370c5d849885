using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios.Cache;

namespace BoundedCache.Memory.Tests;

/// <summary>
/// What kept the memory lets go after the shrink: the memory leaves by itself, and the last report says so.
/// </summary>
public sealed class OwedReleaseTests
{
    [Fact]
    public async Task After_a_no_GC_region() =>
        AssertFollowed(await ChildProcess.RunAsync<OwedAfterNoGCRegion>(), ReleaseOutcome.Skipped, "no-GC region");

    [Fact]
    public async Task After_slow_callbacks() =>
        AssertFollowed(await ChildProcess.RunAsync<OwedAfterCallbacks>(), ReleaseOutcome.Partial, "callbacks");

    [Fact]
    public async Task After_pins() =>
        AssertFollowed(await ChildProcess.RunAsync<OwedAfterPins>(), ReleaseOutcome.Partial, "pinned objects");

    [Fact]
    public async Task After_stuck_finalizers() =>
        AssertFollowed(await ChildProcess.RunAsync<OwedAfterFinalizers>(), ReleaseOutcome.Partial, "finalizers");

    private static void AssertFollowed(ScenarioResult last, ReleaseOutcome first, string obstacle)
    {
        Assert.Equal(first, last.Earlier!.Outcome);
        Assert.InRange(last.Earlier.AboveEmptyBytes, 100_000_000, long.MaxValue);
        Assert.Contains("by itself", last.Earlier.Reason, StringComparison.Ordinal);
        Assert.Matches($"This release was owed for [0-9.]+ s: .*{obstacle}", last.Reason);
        ResidentBound.AssertReleased(last);
    }
}
