using System.Runtime.CompilerServices;
using BoundedCache.Entries;
using BoundedCache.Release;
using BoundedCache.Tests.Process;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>A release that could not do its job at once follows by itself, and is reported.</summary>
public sealed class OwedReleaseTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly RecordingLog _log = new();
    private readonly ManualResetEventSlim _gate = new();

    public void Dispose()
    {
        _gate.Set();
        _log.Dispose();
        // _gate is not disposed: a thread that a failed test left behind may still wait for it.
    }

    private static ReleaseThresholds Quick(ReleaseThresholds thresholds) => thresholds with
    {
        StormWindow = TimeSpan.Zero,
        OwedLook = TimeSpan.FromMilliseconds(1),
        OwedRetry = TimeSpan.Zero,
    };

    private ReleasingCache New(
        Func<ReleaseThresholds, ReleaseThresholds>? tune = null, Action<BoundedMemoryCacheOptions>? configure = null) =>
        new(configure, _log, tune: thresholds => tune?.Invoke(Quick(thresholds)) ?? Quick(thresholds));

    private static ReleaseThresholds Impatient(ReleaseThresholds thresholds) =>
        thresholds with { CallbackPatience = TimeSpan.FromSeconds(1), CallbackGrace = TimeSpan.FromSeconds(1) };

    private static void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, s_patience));

    /// <summary>Waits until the releaser has looked several times whether it may collect.</summary>
    private static void LetItLook(FakeProcess process)
    {
        int seen = process.RegionReads;
        Until(() => process.RegionReads > seen + 3);
    }

    private static ShrinkReport Later(BoundedMemoryCache cache, ShrinkReport? first)
    {
        Until(() => cache.GetSnapshot().LastReport is { } last && last != first);
        return cache.GetSnapshot().LastReport!;
    }

    /// <summary>A callback that holds the value until the gate opens.</summary>
    private void Slowly(ICacheEntry entry) => entry.PostEvictionCallbacks.Insert(
        0, new PostEvictionCallbackRegistration { EvictionCallback = (_, _, _, _) => _gate.Wait(s_patience) });

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
        Until(() => _log.Count("OwedReleased") == 1);
        Assert.Equal(["Shrunk", "OwedReleased"], _log.Events);
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
            log: _log,
            tune: Quick,
            startRelease: work =>
            {
                if (Interlocked.Increment(ref failures) == 1)
                {
                    // Otherwise it might be owed for them.
                    Assert.True(made!.Cache.WaitForCallbacks(s_patience));
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
        Until(() => _log.Count("OwedReleased") == 2);
    }

    [Fact]
    public async Task A_release_by_request_that_runs_serves_the_shrink_that_was_put_off()
    {
        using ReleasingCache test = New(static thresholds => thresholds with { StormWindow = TimeSpan.FromDays(1) });
        await PutOff(test);

        await test.Cache.ReleaseAsync();

        Until(() => _log.Count("OwedReleased") == 1);
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
        Assert.Equal(0, _log.Count("OwedReleased"));
        Assert.Equal(
            !isOfOther, gentle.Reason.EndsWith("A release follows by itself in a moment.", StringComparison.Ordinal));
        await other.ReleaseAsync(ReleaseMode.Full);

        // Of the shrink, and of the release of the same cache.
        Until(() => _log.Count("OwedReleased") == (isOfOther ? 1 : 2));
    }

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
    public async Task A_release_that_asks_no_native_allocator_leaves_one_owed_that_does()
    {
        using ReleasingCache test = New(
            static thresholds => thresholds with { StormWindow = TimeSpan.FromDays(1) },
            static options => options.TrimNativeMemory = true);
        using BoundedMemoryCache other = test.Make();
        await PutOff(test);

        await other.ReleaseAsync();

        Until(() => test.Releaser.Threads.Threads == 0);
        Assert.Equal(0, _log.Count("OwedReleased"));
        await test.Cache.ReleaseAsync();
        Until(() => _log.Count("OwedReleased") == 1);
    }

    private static async Task PutOff(ReleasingCache test)
    {
        Enumerable.Range(0, 10).ToList().ForEach(key => test.Set(key, 30));
        await test.Cache.SetMaxMemoryAsync(275 * MiB);
        ShrinkReport put = await test.Cache.SetMaxMemoryAsync(245 * MiB);
        Assert.Equal(ReleaseOutcome.Skipped, put.Outcome);
    }

    [Theory]
    [InlineData(ReleaseMode.Full, "aggressive")]
    [InlineData(ReleaseMode.Gentle, "background")]
    public async Task After_slow_callbacks_the_release_follows_in_the_same_mode(ReleaseMode mode, string step)
    {
        using ReleasingCache test = New(Impatient);
        test.Set("one", 200, Slowly);

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1, mode);
        test.Process.Steps.Clear();
        Assert.Equal(ReleaseOutcome.Partial, first.Outcome);
        Assert.Contains(": eviction callbacks have not finished.", first.Reason, StringComparison.Ordinal);
        Assert.StartsWith(
            "Eviction callbacks had not finished", Assert.Single(first.Advice), StringComparison.Ordinal);
        Assert.Contains(
            "A release follows by itself when the eviction callbacks have ended.",
            first.Reason,
            StringComparison.Ordinal);
        LetItLook(test.Process);
        Assert.Empty(test.Process.Steps);
        _gate.Set();
        ShrinkReport last = Later(test.Cache, first);

        Assert.Equal(step, test.Process.Steps[0]);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Assert.Contains("eviction callbacks had not ended", last.Reason, StringComparison.Ordinal);
        Assert.Empty(last.Advice);
    }

    /// <summary>
    /// The next collection finds the values alive, and their callbacks end before it does: from then on they are dead.
    /// </summary>
    private void EndDuringNextCollection(ReleasingCache test)
    {
        int next = test.Process.Collections + 1;
        test.Process.DuringCollection = count =>
        {
            if (count == next)
            {
                _gate.Set();
                Assert.True(test.Cache.WaitForCallbacks(s_patience));
            }

            // Nothing else lives in this process.
            long values = test.Process.AllocatedBytes - (40 * MiB);
            (test.Process.LiveBytes, test.Process.DeadBytes) =
                count == next ? (values + (40 * MiB), 0) : (40 * MiB, values);
        };
    }

    [Fact]
    public async Task After_callbacks_that_ended_during_the_release_another_one_follows()
    {
        using ReleasingCache test = New(Impatient);
        test.Set("one", 200, Slowly);
        test.Process.PendingFinalizers = 0;
        EndDuringNextCollection(test);

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);

        Assert.Equal(ReleaseOutcome.Partial, first.Outcome);
        Assert.Contains(
            "A release follows by itself when the eviction callbacks have ended.",
            first.Reason,
            StringComparison.Ordinal);
        ShrinkReport last = Later(test.Cache, first);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Assert.Contains("eviction callbacks had not ended", last.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_owed_for_callbacks_that_end_during_the_release_of_another_cache_is_still_owed()
    {
        using ReleasingCache test = New(Impatient);
        using BoundedMemoryCache other = test.Make();
        test.Set("one", 200, Slowly);
        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);
        EndDuringNextCollection(test);

        await other.ReleaseAsync();

        ShrinkReport last = Later(test.Cache, first);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
    }

    [Fact]
    public void What_queued_callbacks_hold_is_in_the_caches_share_until_they_have_run()
    {
        using ReleasingCache test = New();
        test.Set("replaced", 20, Slowly);
        test.Set("removed", 30, Slowly);
        test.Set("plain", 40);
        long charged = test.Cache.UsedMemory;
        Assert.Equal(0, Pending());

        test.Cache.Set("replaced", 0);
        test.Cache.Remove("removed");
        Assert.InRange(Pending(), 50 * MiB, 51 * MiB);
        Assert.InRange(charged, 90 * MiB, 91 * MiB);
        _gate.Set();
        Until(() => Pending() == 0);

        long Pending() => ((ILiveCache)test.Cache).PendingBytes;
    }

    [Fact]
    public async Task Callbacks_that_are_slow_in_one_cache_hold_up_no_other()
    {
        using ReleasingCache test = New(Impatient);
        using BoundedMemoryCache other = test.Make();
        test.Set("one", 200, Slowly);
        test.Set(other, "one", 100);

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);
        ShrinkReport others = await other.SetMaxMemoryAsync(1);
        Assert.Equal((ReleaseOutcome.Released, 242 * MiB), (others.Outcome, others.After.AnonymousBytes));
        Assert.DoesNotContain("follows", others.Reason, StringComparison.Ordinal);
        Assert.Same(first, test.Cache.GetSnapshot().LastReport);
        _gate.Set();

        ShrinkReport last = Later(test.Cache, first);
        Assert.Equal(42 * MiB, last.After.AnonymousBytes);
        Assert.Contains("where 200 MiB were expected back", last.Reason, StringComparison.Ordinal);
        Assert.Same(others, other.GetSnapshot().LastReport);
    }

    [Fact]
    public async Task A_report_that_fell_short_for_the_callbacks_of_another_cache_is_replaced_as_well()
    {
        using ReleasingCache test = New(Impatient);
        using BoundedMemoryCache other = test.Make();
        using var joined = new ManualResetEventSlim();
        test.Set("one", 200, Slowly);
        test.Set(other, "one", 100);
        var held = new ReleaseRequest
        {
            ExpectedBytes = 0,
            Forced = true,
            IsOwed = false,
        };

        // Both join the batch that waits behind this run.
        test.Process.DuringCollection = count => joined.Wait(count == 1 ? s_patience : TimeSpan.Zero);
        Task<ReleaseResult> before = test.Releaser.ReleaseAsync(held, CancellationToken.None);
        Until(() => test.Process.Collections == 1);
        Task<ShrinkReport> one = test.Cache.SetMaxMemoryAsync(1);
        Task<ShrinkReport> two = other.SetMaxMemoryAsync(1);
        Until(() => test.Cache.Count == 0 && other.Count == 0 && test.Releaser.Threads.Threads == 0);
        joined.Set();
        await before;
        ShrinkReport[] first = await Task.WhenAll(one, two);
        Assert.All(first, static report => Assert.Equal(ReleaseOutcome.Partial, report.Outcome));
        _gate.Set();

        Assert.Equal(42 * MiB, Later(test.Cache, first[0]).After.AnonymousBytes);
        Assert.Equal(42 * MiB, Later(other, first[1]).After.AnonymousBytes);
    }

    [Fact]
    public async Task Callbacks_that_begin_later_are_not_waited_for()
    {
        using ReleasingCache test = New(Impatient);
        using var later = new ManualResetEventSlim();
        test.Set("one", 200, Slowly);
        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(100 * MiB);
        test.Set("other", 10, entry => entry.PostEvictionCallbacks.Insert(
            0, new PostEvictionCallbackRegistration { EvictionCallback = (_, _, _, _) => later.Wait(s_patience) }));
        test.Cache.Remove("other");

        _gate.Set();

        Assert.Equal(52 * MiB, Later(test.Cache, first).After.AnonymousBytes);
        later.Set();
    }

    [Fact]
    public void What_the_callback_that_shrinks_the_cache_holds_follows_when_it_has_ended()
    {
        using ReleasingCache test = New();
        ShrinkReport? first = null;
        test.Set("small", 10);
        test.Set("one", 200, entry => entry.PostEvictionCallbacks.Insert(
            0,
            new PostEvictionCallbackRegistration
            {
                EvictionCallback = (_, _, _, _) =>
                {
                    test.Cache.MaxMemory = 1;
                    Volatile.Write(ref first, test.Cache.GetSnapshot().LastReport);
                    _gate.Wait(s_patience);
                },
            }));

        test.Cache.Remove("one");
        Until(() => Volatile.Read(ref first) is not null);
        _gate.Set();

        Assert.Equal(42 * MiB, Later(test.Cache, first).After.AnonymousBytes);
    }

    [Fact]
    public void What_queued_callbacks_hold_is_not_said_to_be_held_by_others_in_a_shrink_from_a_callback()
    {
        using ReleasingCache test = New();
        ShrinkReport? first = null;
        test.Set("large", 200, Slowly);
        test.Set("one", 1, entry => entry.PostEvictionCallbacks.Insert(
            0,
            new PostEvictionCallbackRegistration
            {
                EvictionCallback = (_, _, _, _) =>
                {
                    test.Cache.MaxMemory = 1;
                    Volatile.Write(ref first, test.Cache.GetSnapshot().LastReport);
                },
            }));

        test.Cache.Remove("one");
        Until(() => Volatile.Read(ref first) is not null);

        Assert.Contains(": eviction callbacks have not finished.", first!.Reason, StringComparison.Ordinal);
        Assert.StartsWith(
            "Eviction callbacks had not finished", Assert.Single(first.Advice), StringComparison.Ordinal);
        _gate.Set();
        Assert.Equal(42 * MiB, Later(test.Cache, first).After.AnonymousBytes);
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
        Until(() => _log.Count("OwedReleased") == 1);
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
    public async Task Pins_that_stay_end_it_and_the_log_says_so()
    {
        using ReleasingCache test = New(static thresholds => thresholds with { OwedTries = 2 });
        test.Set("one", 200);
        (test.Process.StuckBytes, test.Process.PinnedObjects) = (200 * MiB, 100);

        ShrinkReport last = Later(test.Cache, await test.Cache.SetMaxMemoryAsync(1));

        Assert.EndsWith("It was tried 2 times, and is tried no more.", last.Reason, StringComparison.Ordinal);
        Assert.Equal((ReleaseOutcome.Partial, 3), (last.Outcome, test.Process.Collections));
        Until(() => _log.Count("OwedReleaseGivenUp") == 1);
        Assert.Equal(0, _log.Count("OwedReleased"));
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
                    () => test.Cache.GetSnapshot().LastReport is { IsGivenUp: true }, s_patience);
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
        test.Process.DuringFinalizerWait = () => _gate.Wait(s_patience);
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
        _gate.Set();
        test.Process.IsInNoGCRegion = false;

        ShrinkReport last = Later(test.Cache, first);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
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

    [Fact]
    public async Task A_shrink_whose_caller_stops_waiting_is_released_and_reported_all_the_same()
    {
        using ReleasingCache test = New();
        using var source = new CancellationTokenSource();
        test.Process.DuringCollection = _ => _gate.Wait(s_patience);
        test.Set("one", 200);

        Task<ShrinkReport> task = test.Cache.SetMaxMemoryAsync(1, cancellationToken: source.Token);
        Until(() => test.Process.Collections == 1);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        _gate.Set();

        ShrinkReport last = Later(test.Cache, null);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Until(() => _log.Count("Shrunk") == 1);
        Assert.Equal(["Shrunk"], _log.Events);
        Assert.Equal(200 * MiB, test.Cache.GetSnapshot().ReleasedBytes);
    }

    [Fact]
    public async Task A_shrink_that_is_cancelled_while_it_evicts_is_released_all_the_same()
    {
        using ReleasingCache test = New();
        using var source = new CancellationTokenSource();
        test.Set("one", 200, entry => entry.AddExpirationToken(new Faults.Token { OnDispose = source.Cancel }));

        Task<ShrinkReport> task = test.Cache.SetMaxMemoryAsync(1, ReleaseMode.Full, source.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.True(task.IsCanceled);
        Assert.Equal(42 * MiB, Later(test.Cache, null).After.AnonymousBytes);
        Assert.True(test.IsPaced());
    }

    [Fact]
    public async Task A_cancelled_shrink_that_is_put_off_is_reported_when_it_is_done()
    {
        using ReleasingCache test = New();
        using var source = new CancellationTokenSource();
        test.Process.IsInNoGCRegion = true;
        test.Set("one", 200, entry => entry.AddExpirationToken(new Faults.Token { OnDispose = source.Cancel }));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => test.Cache.SetMaxMemoryAsync(1, ReleaseMode.Full, source.Token));
        ShrinkReport first = Later(test.Cache, null);
        Assert.Equal(ReleaseOutcome.Skipped, first.Outcome);
        test.Process.IsInNoGCRegion = false;

        Assert.Equal(ReleaseOutcome.Released, Later(test.Cache, first).Outcome);
    }

    [Fact]
    public async Task A_release_that_its_caller_took_back_is_not_owed()
    {
        using ReleasingCache test = New();
        using var source = new CancellationTokenSource();
        test.Process.DuringCollection = count => _gate.Wait(count == 1 ? s_patience : TimeSpan.Zero);
        Task<ShrinkReport> first = test.Cache.ReleaseAsync();
        Until(() => test.Process.Collections == 1);

        Task<ShrinkReport> second = test.Cache.ReleaseAsync(cancellationToken: source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        _gate.Set();
        await first;
        await test.Cache.ReleaseAsync();

        Assert.Equal(2, test.Process.Collections);
    }

    [Fact]
    public async Task Several_caches_are_served_by_one_run_that_is_counted_once()
    {
        using ReleasingCache test = New();
        BoundedMemoryCache[] caches = [test.Cache, test.Make(), test.Make()];
        test.Process.IsInNoGCRegion = true;
        ShrinkReport[] first = new ShrinkReport[caches.Length];
        for (int i = 0; i < caches.Length; i++)
        {
            test.Set(caches[i], "one", 100);
            first[i] = await caches[i].SetMaxMemoryAsync(i + 1);
        }

        test.Process.IsInNoGCRegion = false;

        for (int i = 0; i < caches.Length; i++)
        {
            ShrinkReport last = Later(caches[i], first[i]);
            Assert.Equal((i + 1L, 42 * MiB), (last.NewMaxMemory, last.After.AnonymousBytes));
            Assert.Contains("where 300 MiB were expected back", last.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(1, test.Process.Collections);
        Assert.Equal(300 * MiB, caches.Sum(static cache => cache.GetSnapshot().ReleasedBytes));
    }

    [Fact]
    public async Task New_entries_and_a_higher_limit_meanwhile_are_left_alone()
    {
        using ReleasingCache test = New();
        test.Set("one", 200);
        test.Process.IsInNoGCRegion = true;
        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);
        await test.Cache.SetMaxMemoryAsync(1000 * MiB);
        test.Set("new", 300);

        test.Process.IsInNoGCRegion = false;
        ShrinkReport last = Later(test.Cache, first);

        Assert.Equal((ReleaseOutcome.Released, 342 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Assert.Equal((1, 1000 * MiB), (test.Cache.Count, test.Cache.MaxMemory));
        Assert.Empty(last.Advice);
    }

    [Fact]
    public async Task A_disposed_cache_gets_no_report_and_its_memory_goes_all_the_same()
    {
        ReleasingCache test = New();
        test.Set("one", 200);
        test.Process.IsInNoGCRegion = true;
        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);
        test.Dispose();

        test.Process.IsInNoGCRegion = false;
        Until(() => test.Process.Collections == 1 && test.Releaser.Threads.Threads == 0);

        Until(() => test.Process.Memory.TakeSnapshot().AnonymousBytes == 42 * MiB);
        Assert.Same(first, test.Cache.GetSnapshot().LastReport);
        Assert.Equal(["Shrunk"], _log.Events);
    }

    [Fact]
    public async Task A_dropped_cache_is_collected_while_its_release_is_owed_and_its_memory_goes_all_the_same()
    {
        using ReleasingCache test = New(Impatient);
        WeakReference dropped = Drop(test);
        test.Process.IsInNoGCRegion = true;
        _gate.Set();

        Assert.True(Eventually.Dead(dropped));
        test.Process.IsInNoGCRegion = false;

        Until(() => test.Process.Memory.TakeSnapshot().AnonymousBytes == 42 * MiB);
        await test.Cache.ReleaseAsync();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference Drop(ReleasingCache test)
    {
        BoundedMemoryCache cache = test.Make();
        test.Set(cache, "one", 200, Slowly);
        cache.SetMaxMemoryAsync(1).GetAwaiter().GetResult();
        return new WeakReference(cache);
    }

    [Fact]
    public async Task A_failed_run_is_logged_and_tried_again()
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
        Until(() => _log.Count("OwedReleaseFailed") == 1);
        Assert.IsType<InvalidTimeZoneException>(Assert.Single(_log.Errors));
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
        Until(() => _log.Count("OwedReleaseFailed") == 3 && _log.Count("OwedReleaseGivenUp") == 1);
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
