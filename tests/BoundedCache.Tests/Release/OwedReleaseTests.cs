using BoundedCache.Release;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>A release that could not do its job at once follows by itself, and is reported.</summary>
[Collection(ReleasingCache.Collection)]
public sealed class OwedReleaseTests : OwedReleaseScenario
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_no_GC_region_the_release_follows_and_becomes_the_last_shrink(bool isBySetter)
    {
        using ReleasingCache test = New();
        test.Set("one", 200);
        test.Set("other", 300);
        test.Process.IsInNoGCRegion = true;

        if (isBySetter)
        {
            test.Cache.MaxMemory = 310 * MiB;
        }
        else
        {
            await test.Cache.SetMaxMemoryAsync(310 * MiB);
        }

        ShrinkReport first = test.Cache.GetSnapshot().LastReport!;
        Assert.Equal(ReleaseOutcome.Skipped, first.Outcome);
        Assert.EndsWith(
            "A release follows by itself when the no-GC region has ended.", first.Reason, StringComparison.Ordinal);
        LetItLook(test.Process);
        Assert.Empty(test.Process.Steps);
        test.Process.IsInNoGCRegion = false;
        ShrinkReport last = Later(test.Cache, first);

        Assert.StartsWith(
            "The process's RSS fell by 200 MiB to 342 MiB, where 200 MiB were expected back. "
                + "This release was owed for ",
            last.Reason,
            StringComparison.Ordinal);
        Assert.EndsWith("the process was in a no-GC region.", last.Reason, StringComparison.Ordinal);
        Assert.Equal((ReleaseOutcome.Released, ReleaseMode.Full), (last.Outcome, last.ReleaseMode));
        Assert.Equal(1, last.Collections);
        Assert.Equal((first.OldMaxMemory, first.NewMaxMemory), (last.OldMaxMemory, last.NewMaxMemory));
        Assert.Equal((1L, first.BytesEvicted, 1), (last.EntriesEvicted, last.BytesEvicted, last.Count));
        Assert.Equal((first.Before, 342 * MiB), (last.Before, last.After.AnonymousBytes));
        Assert.Equal(TimeSpan.FromMilliseconds(30), last.GCPause);
        Until(() => Log.Count("OwedReleased") == 1);
        Assert.Equal(["Shrunk", "OwedReleased"], Log.Events);
        CacheSnapshot snapshot = test.Cache.GetSnapshot();
        Assert.Equal((1L, 200 * MiB), (snapshot.Shrinks, snapshot.ReleasedBytes));
        Assert.Equal(TimeSpan.FromMilliseconds(30), snapshot.GCPause);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_release_for_which_no_thread_can_be_started_fails_for_its_caller_and_follows(bool isAsked)
    {
        int failures = 0;
        ReleasingCache? made = null;
        using var test = made = new ReleasingCache(
            log: Log,
            tune: Quick,
            startRelease: work =>
            {
                if (Interlocked.Increment(ref failures) == 1)
                {
                    // Otherwise it might be owed for them.
                    Assert.True(made!.Cache.WaitForCallbacks(Patience));
                    throw new InsufficientMemoryException();
                }

                new Thread(work) { IsBackground = true }.Start();
            });
        test.Set("one", 200);
        test.Set("other", 300);

        await Assert.ThrowsAsync<InsufficientMemoryException>(() => isAsked
            ? test.Cache.ReleaseAsync(ReleaseMode.Full)
            : test.Cache.SetMaxMemoryAsync(310 * MiB));
        ShrinkReport last = Later(test.Cache, null);

        Assert.Equal((ReleaseOutcome.Released, ReleaseMode.Full), (last.Outcome, last.ReleaseMode));
        Assert.Contains("This release was owed for ", last.Reason, StringComparison.Ordinal);
        Assert.EndsWith("an earlier try failed.", last.Reason, StringComparison.Ordinal);
        if (!isAsked)
        {
            Assert.Contains("fell by 200 MiB", last.Reason, StringComparison.Ordinal);
        }

        // What comes later has a thread of its own again.
        ShrinkReport next = await test.Cache.SetMaxMemoryAsync(1 * MiB);
        Assert.Equal(ReleaseOutcome.Released, next.Outcome);
    }

    [Fact]
    public async Task An_owed_release_says_too_that_the_limit_is_unchanged()
    {
        using ReleasingCache test = New();
        test.Process.DeadBytes = 100 * MiB;
        test.Set("one", 200);
        test.Cache.Remove("one");
        test.Process.IsInNoGCRegion = true;

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(test.Cache.MaxMemory);
        test.Process.IsInNoGCRegion = false;
        ShrinkReport last = Later(test.Cache, first);

        Assert.StartsWith("The limit is unchanged. ", first.Reason, StringComparison.Ordinal);
        Assert.StartsWith("The limit is unchanged. The process's RSS ", last.Reason, StringComparison.Ordinal);
        Assert.Contains("This release was owed for ", last.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_raised_limit_leaves_the_last_report()
    {
        using ReleasingCache test = New();
        test.Set("one", 200);
        ShrinkReport lowered = await test.Cache.SetMaxMemoryAsync(100 * MiB);
        ShrinkReport raised = await test.Cache.SetMaxMemoryAsync(200 * MiB);

        Assert.Equal(MaxMemoryChange.Raised, raised.LimitChange);
        Assert.Same(lowered, test.Cache.GetSnapshot().LastReport);
    }

    [Fact]
    public async Task A_release_by_request_is_owed_after_a_no_GC_region_too()
    {
        using ReleasingCache test = New();
        test.Process.DeadBytes = 100 * MiB;
        test.Process.IsInNoGCRegion = true;

        ShrinkReport first = await test.Cache.ReleaseAsync();
        test.Process.IsInNoGCRegion = false;

        Assert.Equal(ReleaseOutcome.Skipped, first.Outcome);
        Assert.Equal(42 * MiB, Later(test.Cache, first).After.AnonymousBytes);
    }

    [Fact]
    public async Task A_lesser_request_takes_nothing_from_what_is_owed()
    {
        using ReleasingCache test = New();
        test.Set("one", 200);
        test.Process.IsInNoGCRegion = true;
        await test.Cache.SetMaxMemoryAsync(100 * MiB, ReleaseMode.Full);

        ShrinkReport second = await test.Cache.ReleaseAsync(ReleaseMode.Gentle);
        test.Process.IsInNoGCRegion = false;
        ShrinkReport last = Later(test.Cache, second);

        Assert.Equal("aggressive", test.Process.Steps[0]);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Assert.Contains("the process was in a no-GC region", last.Reason, StringComparison.Ordinal);

        // Of the shrink as well as of the release.
        Until(() => Log.Count("OwedReleased") == 2);
    }

    [Fact]
    public async Task A_release_by_request_that_runs_serves_the_shrink_that_was_put_off()
    {
        using ReleasingCache test = New(static thresholds => thresholds with { StormWindow = TimeSpan.FromDays(1) });
        await PutOff(test);

        await test.Cache.ReleaseAsync();

        Until(() => Log.Count("OwedReleased") == 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_gentle_release_that_runs_leaves_a_full_one_owed(bool isOfOther)
    {
        using ReleasingCache test = New(static thresholds => thresholds with { StormWindow = TimeSpan.FromDays(1) });
        using BoundedMemoryCache other = test.Make();
        await PutOff(test);

        ShrinkReport gentle = await (isOfOther ? other : test.Cache).ReleaseAsync(ReleaseMode.Gentle);

        Until(() => test.Releaser.Threads.Threads == 0);
        Assert.Equal(0, Log.Count("OwedReleased"));
        Assert.Equal(
            !isOfOther, gentle.Reason.EndsWith("A release follows by itself in a moment.", StringComparison.Ordinal));
        await other.ReleaseAsync(ReleaseMode.Full);

        // Of the shrink, and of the release of the same cache.
        Until(() => Log.Count("OwedReleased") == (isOfOther ? 1 : 2));
    }

    [Fact]
    public async Task A_release_that_asks_no_native_allocator_leaves_one_owed_that_does()
    {
        using ReleasingCache test = New(
            static thresholds => thresholds with { StormWindow = TimeSpan.FromDays(1) },
            static options => options.TrimNativeMemory = true);
        using BoundedMemoryCache other = test.Make();
        await PutOff(test);

        await other.ReleaseAsync();

        Until(() => test.Releaser.Threads.Threads == 0);
        Assert.Equal(0, Log.Count("OwedReleased"));
        await test.Cache.ReleaseAsync();
        Until(() => Log.Count("OwedReleased") == 1);
    }

    [Fact]
    public async Task What_a_storm_put_off_follows_once_for_the_last_change()
    {
        using ReleasingCache test = New(static thresholds => thresholds with { StormWindow = TimeSpan.FromDays(1) });
        Enumerable.Range(0, 10).ToList().ForEach(key => test.Set(key, 30));
        await test.Cache.SetMaxMemoryAsync(275 * MiB);
        await test.Cache.SetMaxMemoryAsync(245 * MiB, ReleaseMode.Gentle);
        ShrinkReport put = await test.Cache.SetMaxMemoryAsync(215 * MiB);
        Assert.Equal(ReleaseOutcome.Skipped, put.Outcome);
        using BoundedMemoryCache other = test.Make();

        // An ordinary release does the job before the storm is over.
        await other.ReleaseAsync();
        ShrinkReport last = Later(test.Cache, put);

        Assert.Equal(put.NewMaxMemory, last.NewMaxMemory);
        Assert.Equal((ReleaseOutcome.Released, 252 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Assert.Contains(
            "was owed for ", last.Reason, StringComparison.Ordinal);
        Until(() => Log.Count("OwedReleased") == 1);
        Assert.Equal(2, test.Process.Collections);
    }

    [Fact]
    public async Task When_the_storm_has_passed_the_release_follows()
    {
        using ReleasingCache test = New(
            static thresholds => thresholds with { StormWindow = TimeSpan.FromMilliseconds(300) });
        ShrinkReport report = new();
        for (int i = 0; report.Outcome != ReleaseOutcome.Skipped; i++)
        {
            // A thread that was held up misses the window.
            test.Set(i, 100);
            report = await test.Cache.SetMaxMemoryAsync(1);
            await test.Cache.SetMaxMemoryAsync(1000 * MiB);
        }

        Assert.Equal(42 * MiB, Later(test.Cache, report).After.AnonymousBytes);
    }

    [Fact]
    public async Task After_a_background_collection_that_took_too_long_the_release_follows()
    {
        using ReleasingCache test = New(static thresholds => thresholds with { Background = TimeSpan.Zero });
        test.Set("one", 200);
        test.Process.IsBackgroundStuck = true;

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1, ReleaseMode.Gentle);
        Assert.Contains("the background collection had not ended", first.Reason, StringComparison.Ordinal);
        Assert.Contains(
            "A release follows by itself when the collection has ended.", first.Reason, StringComparison.Ordinal);
        test.Process.Steps.Clear();
        LetItLook(test.Process);
        Assert.Empty(test.Process.Steps);
        test.Process.IsBackgroundStuck = false;
        test.Process.EndBackground();

        ShrinkReport last = Later(test.Cache, first);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Assert.Contains("a background collection had not ended", last.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_no_GC_region_that_begins_during_a_full_release_is_followed_by_another()
    {
        using ReleasingCache test = New();
        test.Set("one", 200);
        test.Process.Swallow = 1;
        test.Process.DuringCollection = count => test.Process.IsInNoGCRegion = count == 1;

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);
        Assert.Contains("when the no-GC region has ended", first.Reason, StringComparison.Ordinal);
        test.Process.IsInNoGCRegion = false;

        Assert.Equal(42 * MiB, Later(test.Cache, first).After.AnonymousBytes);
    }

    [Fact]
    public async Task A_no_GC_region_that_begins_during_a_gentle_release_is_followed_by_another()
    {
        using ReleasingCache test = New();
        test.Set("one", 200);
        bool wasInRegion = false;
        test.Process.DuringStep = step =>
        {
            test.Process.IsInNoGCRegion |= !wasInRegion && step == "young 0";
            wasInRegion |= step == "young 0";
        };

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1, ReleaseMode.Gentle);
        Assert.Contains("entered a no-GC region", first.Reason, StringComparison.Ordinal);
        Assert.Contains("when the no-GC region has ended", first.Reason, StringComparison.Ordinal);
        test.Process.Steps.Clear();
        test.Process.IsInNoGCRegion = false;

        Assert.Equal(42 * MiB, Later(test.Cache, first).After.AnonymousBytes);
        Assert.Equal("background", test.Process.Steps[0]);
    }

    [Fact]
    public async Task A_gentle_release_that_made_way_for_a_full_one_is_done_with_that()
    {
        using ReleasingCache test = New();
        test.Set("one", 200);
        Task? full = null;
        var request = new ReleaseRequest { ExpectedBytes = 0, Forced = true };
        test.Process.DuringStep = step => full ??= step == "background"
            ? test.Releaser.ReleaseAsync(request, CancellationToken.None)
            : null;

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1, ReleaseMode.Gentle);

        Assert.Contains("a full release was asked for", first.Reason, StringComparison.Ordinal);
        ShrinkReport last = Later(test.Cache, first);
        Assert.Equal(42 * MiB, last.After.AnonymousBytes);
        Assert.EndsWith("a full release was asked for meanwhile.", last.Reason, StringComparison.Ordinal);
        await full!;
        Assert.Equal(1, test.Process.Collections);
    }
}
