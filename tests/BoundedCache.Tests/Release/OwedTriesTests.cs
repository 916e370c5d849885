using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>Where only a try shows whether a release is possible, it is tried again, and not for ever.</summary>
[Collection(ReleasingCache.Collection)]
public sealed class OwedTriesTests : OwedReleaseScenario
{
    [Fact]
    public async Task Gentle_releases_are_no_tries_of_a_full_one()
    {
        using ReleasingCache test = New(
            static thresholds => thresholds with { StormWindow = TimeSpan.FromDays(1), OwedTries = 2 });
        using BoundedMemoryCache other = test.Make();
        await PutOff(test);
        ShrinkReport put = test.Cache.GetSnapshot().LastReport!;
        for (int i = 0; i < 3; i++)
        {
            await other.ReleaseAsync(ReleaseMode.Gentle);
        }

        (test.Process.StuckBytes, test.Process.PinnedObjects) = (200 * MiB, 100);
        await other.ReleaseAsync(ReleaseMode.Full);

        Assert.EndsWith(
            "It was tried 2 times, and is tried no more.", Later(test.Cache, put).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pins_that_go_let_the_release_follow()
    {
        using ReleasingCache test = New(static thresholds => thresholds with { OwedTries = int.MaxValue });
        test.Set("one", 200);
        (test.Process.StuckBytes, test.Process.PinnedObjects) = (200 * MiB, 100);

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);
        Assert.Equal(ReleaseOutcome.Partial, first.Outcome);
        Assert.Contains("tried again by itself", first.Reason, StringComparison.Ordinal);
        Until(() => test.Process.Collections > 3);
        Assert.Same(first, test.Cache.GetSnapshot().LastReport);
        (test.Process.StuckBytes, test.Process.PinnedObjects) = (0, 1);

        ShrinkReport last = Later(test.Cache, first);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Assert.Contains("pinned objects held the emptied heap", last.Reason, StringComparison.Ordinal);
        Assert.InRange(
            test.Cache.GetSnapshot().GCPause, TimeSpan.FromMilliseconds(30 * 4), TimeSpan.FromMinutes(30));
    }

    [Fact]
    public async Task Pins_that_stay_end_it_and_theLog_says_so()
    {
        using ReleasingCache test = New(static thresholds => thresholds with { OwedTries = 2 });
        test.Set("one", 200);
        (test.Process.StuckBytes, test.Process.PinnedObjects) = (200 * MiB, 100);

        ShrinkReport last = Later(test.Cache, await test.Cache.SetMaxMemoryAsync(1));

        Assert.EndsWith("It was tried 2 times, and is tried no more.", last.Reason, StringComparison.Ordinal);
        Assert.Equal((ReleaseOutcome.Partial, 3), (last.Outcome, test.Process.Collections));
        Until(() => Log.Count("OwedReleaseGivenUp") == 1);
        Assert.Equal(0, Log.Count("OwedReleased"));
    }

    /// <summary>Each is tried as often as it is said to have been, whatever is asked for meanwhile.</summary>
    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 6)]
    public async Task Tries_are_counted_for_each_cache_alone(bool isSameCache, int tries)
    {
        using ReleasingCache test = New(static thresholds => thresholds with { OwedTries = 3 });
        using BoundedMemoryCache other = test.Make();
        test.Set("one", 200);
        test.Set(other, "one", 100);
        (test.Process.StuckBytes, test.Process.PinnedObjects) = (200 * MiB, 100);
        test.Process.FullPause = TimeSpan.Zero;
        Task<ShrinkReport>? next = null;
        bool isGivenUp = false;
        test.Process.DuringCollection = count =>
        {
            if (count == 3)
            {
                // While the second try runs. The run of this request is the third.
                Task<ShrinkReport> request = isSameCache ? test.Cache.ReleaseAsync() : other.SetMaxMemoryAsync(1);
                Until(() => test.Releaser.Threads.Threads == 0);
                Volatile.Write(ref next, request);
            }
            else if (count == 5 && !isSameCache)
            {
                isGivenUp = SpinWait.SpinUntil(
                    () => test.Cache.GetSnapshot().LastReport is { IsGivenUp: true }, Patience);
            }
        };

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);
        Until(() => Volatile.Read(ref next) is not null);
        ShrinkReport second = await next!;
        ShrinkReport last = Later(test.Cache, isSameCache ? second : first);

        Assert.Contains($"It was tried {tries} times, and is tried no more.", last.Reason, StringComparison.Ordinal);
        if (!isSameCache)
        {
            Assert.Contains("It was tried 3 times", Later(other, second).Reason, StringComparison.Ordinal);
            Assert.True(isGivenUp, "expected to be given up after three tries");
        }
    }

    [Fact]
    public async Task A_gentle_release_that_serves_what_is_owed_goes_on_when_its_caller_goes_away()
    {
        using ReleasingCache test = New(static thresholds => thresholds with { StormWindow = TimeSpan.FromDays(1) });
        using var source = new CancellationTokenSource();
        Enumerable.Range(0, 10).ToList().ForEach(key => test.Set(key, 60));
        await test.Cache.SetMaxMemoryAsync(545 * MiB, ReleaseMode.Gentle);
        ShrinkReport put = await test.Cache.SetMaxMemoryAsync(425 * MiB, ReleaseMode.Gentle);
        Assert.Equal(ReleaseOutcome.Skipped, put.Outcome);
        using BoundedMemoryCache other = test.Make();
        test.Process.DuringStep = step =>
        {
            if (step == "young 0")
            {
                source.Cancel();
            }
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => other.ReleaseAsync(ReleaseMode.Gentle, source.Token));
        ShrinkReport last = Later(test.Cache, put);

        Assert.Equal((ReleaseOutcome.Released, 462 * MiB), (last.Outcome, last.After.AnonymousBytes));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stuck_finalizers_that_come_free_let_the_release_follow(bool isInRegionMeanwhile)
    {
        using ReleasingCache test = New(static thresholds => thresholds with
        {
            Finalizers = TimeSpan.FromMilliseconds(1),
        });
        test.Process.DuringFinalizerWait = () => Gate.Wait(Patience);
        test.Set("one", 200, entry =>
        {
            entry.PostEvictionCallbacks.Clear();
            entry.RegisterPostEvictionCallback((_, _, _, _) =>
            {
                lock (test.Process)
                {
                    test.Process.LiveBytes -= 200 * MiB;
                    test.Process.FinalizableBytes += 200 * MiB;
                }
            });
        });

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);
        int collections = test.Process.Collections;
        test.Process.IsInNoGCRegion = isInRegionMeanwhile;
        Assert.Equal((ReleaseOutcome.Partial, 2), (first.Outcome, collections));
        Assert.Contains("when the finalizers have run", first.Reason, StringComparison.Ordinal);
        LetItLook(test.Process);
        Assert.Equal(collections, test.Process.Collections);
        Gate.Set();
        test.Process.IsInNoGCRegion = false;

        ShrinkReport last = Later(test.Cache, first);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
    }

    [Fact]
    public async Task A_failed_run_isLogged_and_tried_again()
    {
        using ReleasingCache test = New();
        test.Set("one", 200);
        test.Process.DuringCollection = static count =>
        {
            if (count <= 2)
            {
                throw new InvalidTimeZoneException();
            }
        };

        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => test.Cache.SetMaxMemoryAsync(1));
        ShrinkReport last = Later(test.Cache, null);

        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Assert.Contains("where 200 MiB were expected back", last.Reason, StringComparison.Ordinal);
        Assert.Contains("an earlier try failed", last.Reason, StringComparison.Ordinal);
        Until(() => Log.Count("OwedReleaseFailed") == 1);
        Assert.IsType<InvalidTimeZoneException>(Assert.Single(Log.Errors));
    }

    [Fact]
    public async Task A_run_that_always_fails_is_given_up()
    {
        using ReleasingCache test = New(static thresholds => thresholds with { OwedTries = 3 });
        test.Set("one", 200);
        test.Process.DuringCollection = static _ => throw new InvalidTimeZoneException("no zone");

        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => test.Cache.SetMaxMemoryAsync(1));
        ShrinkReport last = Later(test.Cache, null);

        Assert.Equal(ReleaseOutcome.Skipped, last.Outcome);
        Assert.StartsWith("The release failed: no zone", last.Reason, StringComparison.Ordinal);
        Assert.EndsWith("It was tried 3 times, and is tried no more.", last.Reason, StringComparison.Ordinal);
        Until(() => Log.Count("OwedReleaseFailed") == 3 && Log.Count("OwedReleaseGivenUp") == 1);
        Assert.Equal(4, test.Process.Collections);
    }

    [Fact]
    public async Task Where_the_process_can_no_longer_be_read_its_memory_is_unknown_and_not_0()
    {
        using ReleasingCache test = New(static thresholds => thresholds with { OwedTries = 3 });
        test.Set("one", 200);
        test.Process.DuringCollection = _ =>
        {
            test.Process.IsBroken = true;
            throw new InsufficientMemoryException();
        };

        await Assert.ThrowsAsync<InsufficientMemoryException>(() => test.Cache.SetMaxMemoryAsync(1));
        ShrinkReport last = Later(test.Cache, null);

        Assert.True(last.After.IsResidentUnknown);
        Assert.Equal(0, last.ReleasedBytes);
        Assert.Contains("-> unknown", last.ToString(), StringComparison.Ordinal);
    }
}
