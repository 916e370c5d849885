using BoundedCache.Release;
using BoundedCache.Tests.Process;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>
/// What the tests of owed releases share: a cache whose releaser is quick, its log, and a gate for callbacks.
/// </summary>
public abstract class OwedReleaseScenario : IDisposable
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private protected RecordingLog Log { get; } = new();

    private protected ManualResetEventSlim Gate { get; } = new();

    public void Dispose()
    {
        Gate.Set();
        Log.Dispose();
        // Gate is not disposed: a thread that a failed test left behind may still wait for it.
        GC.SuppressFinalize(this);
    }

    private protected static ReleaseThresholds Quick(ReleaseThresholds thresholds) => thresholds with
    {
        StormWindow = TimeSpan.Zero,
        OwedLook = TimeSpan.FromMilliseconds(1),
        OwedRetry = TimeSpan.Zero,
    };

    private protected ReleasingCache New(
        Func<ReleaseThresholds, ReleaseThresholds>? tune = null, Action<BoundedMemoryCacheOptions>? configure = null) =>
        new(configure, Log, tune: thresholds => tune?.Invoke(Quick(thresholds)) ?? Quick(thresholds));

    private protected static ReleaseThresholds Impatient(ReleaseThresholds thresholds) =>
        thresholds with { CallbackPatience = TimeSpan.FromSeconds(1), CallbackGrace = TimeSpan.FromSeconds(1) };

    private protected static void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Patience));

    /// <summary>Waits until the releaser has looked several times whether it may collect.</summary>
    private protected static void LetItLook(FakeProcess process)
    {
        int seen = process.RegionReads;
        Until(() => process.RegionReads > seen + 3);
    }

    private protected static ShrinkReport Later(BoundedMemoryCache cache, ShrinkReport? first)
    {
        Until(() => cache.GetSnapshot().LastReport is { } last && last != first);
        return cache.GetSnapshot().LastReport!;
    }

    /// <summary>A callback that holds the value until the gate opens.</summary>
    private protected void Slowly(ICacheEntry entry) => entry.PostEvictionCallbacks.Insert(
        0, new PostEvictionCallbackRegistration { EvictionCallback = (_, _, _, _) => Gate.Wait(Patience) });

    private protected static async Task PutOff(ReleasingCache test)
    {
        Enumerable.Range(0, 10).ToList().ForEach(key => test.Set(key, 30));
        await test.Cache.SetMaxMemoryAsync(275 * MiB);
        ShrinkReport put = await test.Cache.SetMaxMemoryAsync(245 * MiB);
        Assert.Equal(ReleaseOutcome.Skipped, put.Outcome);
    }
}
