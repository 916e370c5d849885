using BoundedCache.Release;
using BoundedCache.Tests.Process;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>The steps of a gentle release, and what its report says of them.</summary>
public sealed class GentleReleaseTests
{
    private static readonly ReleaseThresholds s_thresholds = new()
    {
        Finalizers = TimeSpan.FromSeconds(30),
        CallbackPatience = TimeSpan.FromSeconds(30),
        BackgroundPoll = TimeSpan.Zero,
        SliceInterval = TimeSpan.Zero,
        FruitlessInterval = TimeSpan.Zero,
    };

    private readonly FakeProcess _process = new();
    private readonly MemoryReleaser _releaser;

    public GentleReleaseTests() => _releaser = new MemoryReleaser(_process.Memory, s_thresholds);

    private Task<ReleaseResult> Release(
        ReleaseMode mode = ReleaseMode.Gentle, CancellationToken cancellationToken = default) => _releaser.ReleaseAsync(
            new ReleaseRequest
            {
                ExpectedBytes = _process.DeadBytes + _process.FinalizableBytes,
                Mode = mode,
                Forced = true,
            }, cancellationToken);

    [Fact]
    public async Task Memory_comes_back_in_slices_after_a_collection_in_the_background()
    {
        _process.DeadBytes = 400 * MiB;

        ReleaseResult result = await Release();

        Assert.Equal(["background", "young 0", "young 1"], _process.Steps);
        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Equal(42 * MiB, result.After.AnonymousBytes);
        Assert.Contains("400 MiB came back in", result.Reason, StringComparison.Ordinal);
        Assert.Empty(result.Advice);
        Assert.Equal(0, result.Collections);
        Assert.Equal(TimeSpan.FromMilliseconds(2), result.LongestPause);
        Assert.True(result.GCPause > result.LongestPause);
    }

    [Fact]
    public async Task Slices_end_when_nothing_more_comes_back()
    {
        _process.DeadBytes = 400 * MiB;
        int young = 0;
        _process.DuringStep = step => young += step.StartsWith("young", StringComparison.Ordinal) ? 1 : 0;

        await Release();

        Assert.Equal(8 + s_thresholds.FruitlessSlices, young);
    }

    [Fact]
    public async Task Regions_that_have_to_grow_old_first_are_waited_for()
    {
        _process.DeadBytes = 400 * MiB;
        _process.FruitlessSlices = 25;

        ReleaseResult result = await Release();

        Assert.DoesNotContain("aggressive", _process.Steps);
        Assert.Equal(42 * MiB, result.After.AnonymousBytes);
    }

    /// <summary>As where no file descriptor is free for a moment.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_reading_that_failed_is_not_memory_that_came_back(int failing)
    {
        _process.DeadBytes = 400 * MiB;
        int young = 0;
        _process.DuringStep = step =>
        {
            young += step.StartsWith("young", StringComparison.Ordinal) ? 1 : 0;
            _process.IsHidden = young == failing;
        };

        ReleaseResult result = await Release();

        Assert.Equal(42 * MiB, result.After.AnonymousBytes);
        Assert.Contains("400 MiB came back in", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_reading_that_failed_leaves_unknown_what_came_back()
    {
        _process.DeadBytes = 400 * MiB;
        _process.DuringStep = step => _process.IsHidden = step == "background";

        ReleaseResult result = await Release();

        Assert.Equal(42 * MiB, result.After.AnonymousBytes);
        Assert.Contains("what they gave back is not known", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_figures_are_not_compared_with_each_other()
    {
        _process.DeadBytes = 400 * MiB;
        _process.FileBytes = 300 * MiB;
        _process.DuringStep = step => _process.TellsNoParts = step == "background";

        Assert.Contains("400 MiB came back in", (await Release()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scattered_survivors_are_moved_together_first()
    {
        _process.DeadBytes = 400 * MiB;
        _process.IsScattered = true;
        _process.CompactingPause = TimeSpan.FromMilliseconds(20);

        ReleaseResult result = await Release();

        Assert.Equal(["background", "compacting", "young 0", "young 1"], _process.Steps);
        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Contains("compacting collection came first", result.Reason, StringComparison.Ordinal);
        Assert.Equal(1, result.Collections);
        Assert.Equal(TimeSpan.FromMilliseconds(20), result.LongestPause);
    }

    [Fact]
    public async Task Holes_that_are_few_beside_what_is_alive_are_no_reason_to_compact_first()
    {
        _process.LiveBytes = 400 * MiB;
        _process.DeadBytes = 100 * MiB;
        _process.IsScattered = true;

        await Release();

        Assert.DoesNotContain("compacting", _process.Steps);
    }

    [Fact]
    public async Task Where_the_runtime_collects_nothing_in_the_background_the_first_collection_is_counted()
    {
        _process.DeadBytes = 400 * MiB;
        _process.IsBackgroundBlocking = true;

        Assert.Equal(1, (await Release()).Collections);
    }

    [Fact]
    public async Task A_few_holes_beside_much_emptied_memory_are_no_reason_to_compact_first()
    {
        _process.DeadBytes = 400 * MiB;
        _process.FragmentedBytes = 100 * MiB;

        await Release();

        Assert.DoesNotContain("compacting", _process.Steps);
        Assert.Equal("aggressive", _process.Steps[^1]);
    }

    [Fact]
    public async Task What_the_runtime_keeps_to_the_last_is_fetched_where_little_is_alive()
    {
        _process.DeadBytes = 400 * MiB;
        KeepUntilAggressive(60 * MiB);

        ReleaseResult result = await Release();

        Assert.Equal("aggressive", _process.Steps[^1]);
        Assert.Equal(1, result.Collections);
        Assert.Contains("fetched the last 60 MiB", result.Reason, StringComparison.Ordinal);
        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(5, true)]
    public async Task It_is_fetched_from_a_tenth_of_what_is_alive_on(long keptMiB, bool isFetched)
    {
        _process.DeadBytes = 400 * MiB;
        KeepUntilAggressive(keptMiB * MiB);

        await Release();

        Assert.Equal(isFetched, _process.Steps.Contains("aggressive"));
    }

    [Fact]
    public async Task Under_Server_GC_a_full_collection_comes_last_for_what_lies_beside_the_heap()
    {
        _process.Settings = new() { IsServer = true };
        _process.DeadBytes = 400 * MiB;

        ReleaseResult result = await Release();

        Assert.Equal(["background", "young 0", "young 1", "aggressive"], _process.Steps);
        Assert.Contains("fetched the last 0 B", result.Reason, StringComparison.Ordinal);
        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
    }

    [Fact]
    public async Task What_the_runtime_keeps_to_the_last_stays_where_fetching_it_would_stop_the_process_for_long()
    {
        _process.LiveBytes = 1000 * MiB;
        _process.DeadBytes = 1400 * MiB;
        KeepUntilAggressive(120 * MiB);

        ReleaseResult result = await Release();

        Assert.DoesNotContain("aggressive", _process.Steps);
        Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
    }

    [Fact]
    public async Task Where_slices_bring_nothing_a_full_collection_follows_and_is_named()
    {
        _process.LiveBytes = 1000 * MiB;
        _process.DeadBytes = 400 * MiB;
        _process.SliceBytes = 0;

        ReleaseResult result = await Release();

        Assert.Equal(["background", "young 0", "young 1", "aggressive"], _process.Steps);
        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Contains(
            "slices should have given back, so a full collection followed", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_background_collection_under_way_is_waited_for_and_another_begun()
    {
        _process.DeadBytes = 400 * MiB;
        _process.InFlight = 1;

        ReleaseResult result = await Release();

        Assert.Equal(2, _process.FullCollections);
        Assert.Equal(42 * MiB, result.After.AnonymousBytes);
    }

    [Fact]
    public async Task What_finalizers_hold_goes_with_a_second_collection_in_the_background()
    {
        _process.FinalizableBytes = 400 * MiB;

        ReleaseResult result = await Release();

        Assert.Equal(1, _process.FinalizerWaits);
        Assert.Equal(2, _process.FullCollections);
        Assert.Equal(0, result.Collections);
        Assert.Equal(42 * MiB, result.After.AnonymousBytes);
    }

    [Fact]
    public async Task Pins_are_no_reason_for_a_full_collection()
    {
        _process.DeadBytes = 400 * MiB;
        _process.PinnedObjects = 100;
        _process.StuckBytes = 300 * MiB;

        ReleaseResult result = await Release();

        Assert.DoesNotContain("aggressive", _process.Steps);
        Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
    }

    [Fact]
    public async Task A_no_GC_region_that_begins_meanwhile_is_left_alone()
    {
        _process.DeadBytes = 400 * MiB;
        _process.DuringStep = _ => _process.IsInNoGCRegion = true;

        ReleaseResult result = await Release();

        Assert.Equal(["background"], _process.Steps);
        Assert.Contains("no-GC region", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_release_that_nobody_waits_for_any_more_ends_at_the_next_slice()
    {
        using var cancellation = new CancellationTokenSource();
        _process.DeadBytes = 4000 * MiB;
        _process.DuringStep = step =>
        {
            if (step == "young 0")
            {
                cancellation.Cancel();
            }
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Release(cancellationToken: cancellation.Token));
        _process.DuringStep = static _ => { };
        _process.Steps.Clear();
        ReleaseResult next = await Release();

        // One slice had been given back, and no more.
        Assert.Equal(3992 * MiB, next.Before.AnonymousBytes);
        Assert.Equal(42 * MiB, next.After.AnonymousBytes);
    }

    [Fact]
    public async Task A_full_release_asked_for_meanwhile_is_not_kept_waiting()
    {
        Task<ReleaseResult>? full = null;
        _process.DeadBytes = 4000 * MiB;
        _process.DuringStep = step =>
        {
            if (step == "young 0")
            {
                full ??= Release(ReleaseMode.Full);
            }
        };

        ReleaseResult gentle = await Release();

        Assert.Equal(["background", "young 0"], _process.Steps[..2]);
        Assert.Contains("ended early: a full release was asked for meanwhile", gentle.Reason, StringComparison.Ordinal);
        Assert.Equal(ReleaseOutcome.Released, (await full!).Outcome);
        Assert.Equal(["background", "young 0", "aggressive"], _process.Steps);
    }

    [Fact]
    public async Task A_full_release_whose_caller_went_away_does_not_end_a_gentle_one()
    {
        using var cancellation = new CancellationTokenSource();
        Task<ReleaseResult>? full = null;
        _process.DeadBytes = 400 * MiB;
        _process.DuringStep = step =>
        {
            if (step == "young 0" && full is null)
            {
                full = Release(ReleaseMode.Full, cancellation.Token);
                cancellation.Cancel();
            }
        };

        ReleaseResult gentle = await Release();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => full!);
        Assert.DoesNotContain("ended early", gentle.Reason, StringComparison.Ordinal);
        Assert.Equal(42 * MiB, gentle.After.AnonymousBytes);
    }

    [Fact]
    public async Task A_stuck_finalizer_is_named()
    {
        using var never = new ManualResetEventSlim();
        var releaser = new MemoryReleaser(
            _process.Memory, s_thresholds with { Finalizers = TimeSpan.FromMilliseconds(1) });
        _process.FinalizableBytes = 400 * MiB;
        _process.DuringFinalizerWait = never.Wait;

        ReleaseResult result = await releaser.ReleaseAsync(
            new ReleaseRequest { ExpectedBytes = 400 * MiB, Mode = ReleaseMode.Gentle }, CancellationToken.None);

        Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
        Assert.Contains("stuck", result.Advice[0], StringComparison.Ordinal);
        never.Set();
    }

    [Fact]
    public async Task Gentle_requests_that_a_full_one_joins_share_its_collection()
    {
        using var joined = new ManualResetEventSlim();
        _process.DeadBytes = 400 * MiB;
        Task<ReleaseResult> gentle = _releaser.ReleaseAsync(
            new ReleaseRequest
            {
                ExpectedBytes = 400 * MiB,
                Mode = ReleaseMode.Gentle,
                WaitForCallbacks = timeout => joined.Wait(timeout),
            }, CancellationToken.None);
        Task<ReleaseResult> full = Release(ReleaseMode.Full);
        joined.Set();

        Assert.Same(await full, await gentle);
        Assert.Equal(["aggressive"], _process.Steps);
    }

    /// <summary>Keeps some of what is dead from slices, as the runtime keeps its budgets.</summary>
    private void KeepUntilAggressive(long bytes)
    {
        _process.StuckBytes = bytes;
        _process.PinnedObjects = 0;
        _process.DuringStep = step => _process.StuckBytes = step == "aggressive" ? 0 : bytes;
    }
}
