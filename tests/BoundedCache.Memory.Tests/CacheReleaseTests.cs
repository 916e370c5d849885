using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios.Cache;

namespace BoundedCache.Memory.Tests;

/// <summary>Releases apart from shrinks, and releases that eviction callbacks are in the way of.</summary>
public sealed class CacheReleaseTests
{
    [Fact]
    public async Task Without_a_release_the_process_keeps_the_memory_until_it_is_asked_for()
    {
        ScenarioResult released = await ChildProcess.RunAsync<KeepThenRelease>();
        ScenarioResult kept = released.Earlier!;

        Assert.Equal(ReleaseOutcome.NotRequested, kept.Outcome);
        Assert.Contains("No release was asked for", kept.Reason, StringComparison.Ordinal);
        Assert.Equal(0, kept.Collections);
        Assert.Equal(released.Figures["entriesBefore"] - released.Figures["entries"], kept.Figures["entriesEvicted"]);
        Assert.InRange(kept.Figures["bytesEvicted"], 359_000_000, 361_000_000);
        Assert.InRange(kept.AboveEmptyBytes, 395_000_000, long.MaxValue);

        ResidentBound.AssertReleased(released);
        Assert.Equal(0, released.Figures["entriesEvicted"]);
        Assert.Equal(0, released.Figures["bytesEvicted"]);
        Assert.Equal(40_000_000, released.Figures["oldMaxBytes"]);
        Assert.InRange(kept.AfterBytes - released.AfterBytes, 350_000_000, long.MaxValue);
    }

    [Fact]
    public async Task A_release_waits_for_eviction_callbacks_that_hold_the_values_for_a_moment() =>
        ResidentBound.AssertReleased(await ChildProcess.RunAsync<CallbacksHoldValues>());

    [Fact]
    public async Task A_release_waits_for_eviction_callbacks_no_longer_than_two_seconds_and_names_them()
    {
        ScenarioResult result = await ChildProcess.RunAsync<CallbacksKeepValues>();

        ResidentBound.AssertPartial(result, "Eviction callbacks had not finished");
        ReleaseBounds.AssertWaited(result);
    }

    [Fact]
    public async Task The_setter_waits_for_eviction_callbacks_no_longer_either() =>
        ReleaseBounds.AssertWaited(await ChildProcess.RunAsync<CallbacksKeepValuesFromSetter>());
}
