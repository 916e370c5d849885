using BoundedCache.Engine;
using BoundedCache.Process;
using BoundedCache.Release;
using BoundedCache.Report;
using BoundedCache.Tests.Process;
using BoundedCache.Tests.Report;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>When a release collects, how often, and what it says.</summary>
public sealed class MemoryReleaserTests
{
    private readonly FakeProcess _process = new();
    private readonly MemoryReleaser _releaser;

    public MemoryReleaserTests() =>
        _releaser = new MemoryReleaser(_process.Memory, new ReleaseThresholds
        {
            Finalizers = TimeSpan.FromSeconds(30),
            CallbackPatience = TimeSpan.FromSeconds(30),
            StormWindow = TimeSpan.Zero,
        });

    private Task<ReleaseResult> Release(
        long expectedBytes,
        bool forced = false,
        ProcessMemorySnapshot? baseline = null,
        EvictedSample? sample = null) => _releaser.ReleaseAsync(
            new ReleaseRequest
            {
                ExpectedBytes = expectedBytes,
                Forced = forced,
                Baseline = baseline,
                Evicted = sample,
            },
            CancellationToken.None);

    [Fact]
    public async Task A_release_collects_once_and_reports_what_fell()
    {
        _process.DeadBytes = 400 * MiB;

        ReleaseResult result = await Release(400 * MiB);

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Equal(
            "The process's RSS fell by 400 MiB to 42 MiB, where 400 MiB were expected back.", result.Reason);
        Assert.Empty(result.Advice);
        Assert.Equal(1, result.Collections);
        Assert.Equal(442 * MiB, result.Before.AnonymousBytes);
        Assert.Equal(42 * MiB, result.After.AnonymousBytes);
        Assert.Equal(TimeSpan.FromMilliseconds(30), result.GCPause);
    }

    [Fact]
    public async Task Collections_run_on_a_background_thread_of_the_releasers_own()
    {
        await Release(400 * MiB);

        Assert.Equal("BoundedCache release|True|False", Assert.Single(_process.Threads));
    }

    [Fact]
    public async Task A_small_gain_is_skipped_and_says_so()
    {
        ReleaseResult result = await Release(1 * MiB);

        Assert.Equal(ReleaseOutcome.Skipped, result.Outcome);
        Assert.Equal(0, result.Collections);
        Assert.Contains("Only 1 MiB", result.Reason, StringComparison.Ordinal);
        Assert.Same(result.Before, result.After);
    }

    [Fact]
    public async Task Small_gains_add_up_to_a_release()
    {
        await Release(1 * MiB);

        Assert.Equal(ReleaseOutcome.Released, (await Release(1 * MiB)).Outcome);
        Assert.Equal(ReleaseOutcome.Skipped, (await Release(1 * MiB)).Outcome);
    }

    [Fact]
    public async Task In_a_large_process_a_gain_has_to_be_larger()
    {
        _process.SetLast(new GCReading { Index = 7, HeapBytes = 1000 * MiB, CommittedBytes = 1000 * MiB });

        Assert.Equal(ReleaseOutcome.Skipped, (await Release(9 * MiB)).Outcome);
    }

    [Fact]
    public async Task A_forced_release_is_not_skipped_for_a_small_gain() =>
        Assert.Equal(1, (await Release(0, forced: true)).Collections);

    [Fact]
    public async Task A_known_gap_is_reason_enough_once()
    {
        _process.SetLast(new GCReading { Index = 7, HeapBytes = 40 * MiB, CommittedBytes = 90 * MiB });
        _process.StuckBytes = 50 * MiB;
        _process.PinnedObjects = 100;

        Assert.Equal(1, (await Release(0)).Collections);
        Assert.Equal(ReleaseOutcome.Skipped, (await Release(0)).Outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_no_GC_region_is_left_alone(bool forced)
    {
        _process.IsInNoGCRegion = true;

        ReleaseResult result = await Release(400 * MiB, forced);

        Assert.Equal(ReleaseOutcome.Skipped, result.Outcome);
        Assert.Contains("no-GC region", result.Reason, StringComparison.Ordinal);
        Assert.Equal(0, _process.Collections);
    }

    [Fact]
    public async Task What_finalizers_hold_goes_with_a_second_collection()
    {
        _process.FinalizableBytes = 400 * MiB;

        ReleaseResult result = await Release(400 * MiB);

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Equal(2, result.Collections);
        Assert.Equal(1, _process.FinalizerWaits);
    }

    [Fact]
    public async Task Finalizers_are_not_waited_for_when_the_memory_fell()
    {
        _process.DeadBytes = 400 * MiB;
        _process.FinalizableBytes = 4 * MiB;

        Assert.Equal(1, (await Release(400 * MiB)).Collections);
        Assert.Equal(0, _process.FinalizerWaits);
    }

    [Fact]
    public async Task The_few_finalizers_that_are_always_due_cost_no_second_collection_when_too_much_was_expected()
    {
        Assert.Equal(1, (await Release(4000 * MiB)).Collections);
        Assert.Equal(0, _process.FinalizerWaits);
    }

    [Fact]
    public async Task A_stuck_finalizer_is_named_and_costs_one_thread_for_all_releases()
    {
        using var never = new ManualResetEventSlim();
        var releaser = new MemoryReleaser(
            _process.Memory, new ReleaseThresholds { Finalizers = TimeSpan.FromMilliseconds(1) });
        _process.FinalizableBytes = 400 * MiB;
        _process.DuringFinalizerWait = never.Wait;
        var request = new ReleaseRequest { ExpectedBytes = 400 * MiB };

        ReleaseResult first = await releaser.ReleaseAsync(request, CancellationToken.None);
        ReleaseResult second = await releaser.ReleaseAsync(request, CancellationToken.None);

        Assert.Equal(ReleaseOutcome.Partial, first.Outcome);
        Assert.Contains("stuck", Assert.Single(first.Advice), StringComparison.Ordinal);
        Assert.Equal(ReleaseOutcome.Partial, second.Outcome);
        Assert.InRange(_process.FinalizerWaits, 0, 1);
        never.Set();
    }

    [Fact]
    public async Task A_swallowed_collection_is_repeated()
    {
        _process.DeadBytes = 400 * MiB;
        _process.Swallow = 1;

        ReleaseResult result = await Release(400 * MiB);

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Equal(2, result.Collections);
    }

    [Fact]
    public async Task A_swallowed_collection_is_repeated_though_little_stands_empty()
    {
        _process.DeadBytes = 4 * MiB;
        _process.Swallow = 1;

        Assert.Equal(2, (await Release(4 * MiB, forced: true)).Collections);
    }

    [Fact]
    public async Task A_collection_that_leaves_the_heap_standing_empty_without_pins_is_repeated()
    {
        _process.DeadBytes = 400 * MiB;
        _process.StuckBytes = 400 * MiB;
        _process.DuringCollection = count => _process.StuckBytes = count == 2 ? 0 : 400 * MiB;

        ReleaseResult result = await Release(400 * MiB);

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Equal(2, result.Collections);
        Assert.Equal(TimeSpan.FromMilliseconds(60), result.GCPause);
        Assert.Equal(TimeSpan.FromMilliseconds(30), result.LongestPause);
    }

    [Fact]
    public async Task There_are_never_more_than_two_collections()
    {
        _process.DeadBytes = 400 * MiB;
        _process.FinalizableBytes = 400 * MiB;
        _process.Swallow = 9;

        ReleaseResult result = await Release(800 * MiB);

        Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
        Assert.Equal(2, result.Collections);
        Assert.Equal(2, _process.Collections);
    }

    [Fact]
    public async Task A_no_GC_region_that_began_during_the_wait_for_finalizers_is_left_alone()
    {
        _process.FinalizableBytes = 400 * MiB;
        _process.DuringFinalizerWait = () => _process.IsInNoGCRegion = true;

        Assert.Equal(1, (await Release(400 * MiB)).Collections);
    }

    [Fact]
    public async Task Pins_that_hold_the_heap_are_named()
    {
        _process.DeadBytes = 400 * MiB;
        _process.StuckBytes = 300 * MiB;
        _process.PinnedObjects = 100;

        ReleaseResult result = await Release(400 * MiB);

        Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
        Assert.Equal(1, result.Collections);
        Assert.Contains("100 pinned objects can keep 300 MiB", Assert.Single(result.Advice), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fragmentation_is_named()
    {
        _process.StuckBytes = 100 * MiB;
        _process.FragmentedBytes = 100 * MiB;

        ReleaseResult result = await Release(0, forced: true);

        Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
        Assert.Contains("fragmentation", Assert.Single(result.Advice), StringComparison.Ordinal);
    }

    public static TheoryData<string> KeepingSettings =>
        ["libother.so", "System.GC.RetainVM", "Server GC keeps", "for its next use"];

    [Theory]
    [MemberData(nameof(KeepingSettings))]
    public async Task The_setting_that_has_the_heap_kept_is_named_in_the_words_of_the_report(string words)
    {
        _process.DeadBytes = 400 * MiB;
        _process.StuckBytes = 400 * MiB;
        _process.Settings = words switch
        {
            "libother.so" => new CollectorSettings { Replacement = words },
            "System.GC.RetainVM" => new CollectorSettings { RetainsMemory = true, IsServer = true },
            "Server GC keeps" => new CollectorSettings { IsServer = true, Heaps = 8 },
            _ => default,
        };

        ReleaseResult result = await Release(400 * MiB);

        Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
        Assert.Contains(words, Assert.Single(result.Advice), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Native_memory_is_named_and_is_no_failure_of_the_release()
    {
        _process.NativeBytes = 900 * MiB;
        _process.DeadBytes = 400 * MiB;

        ReleaseResult result = await Release(400 * MiB);

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Contains(
            "900 MiB of the process's memory are outside the managed heap",
            Assert.Single(result.Advice),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Native_memory_is_told_apart_where_the_kernel_counts_it()
    {
        _process.NativeBytes = 900 * MiB;
        _process.DeadBytes = 400 * MiB;
        _process.Mappings = new MapText()
            .At(0x7f00_0000_0000).Reserve(4096).Add(200 * MiB, resident: 200 * MiB)
            .At(0x7f10_0000_0000).Add(700 * MiB, resident: 700 * MiB).ToString();

        ReleaseResult result = await Release(400 * MiB);

        Assert.Contains(result.Advice, static advice =>
            advice.StartsWith("200 MiB are stacks of 7 threads.", StringComparison.Ordinal));
        Assert.Contains(
            result.Advice, static advice => advice.Contains("outside the managed heap", StringComparison.Ordinal));
        Assert.Equal(2, result.Advice.Count);
    }

    [Fact]
    public async Task Much_that_lives_outside_the_caches_is_named_and_is_no_failure_of_the_release()
    {
        _process.LiveBytes = 700 * MiB;
        _process.DeadBytes = 400 * MiB;

        ReleaseResult result = await ReleaseBesideCaches(new CacheShare { Bytes = 100 * MiB });

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.StartsWith(
            "It is not the cache: 600 MiB are live objects outside any cache that reports, where entries are 100 MiB.",
            Assert.Single(result.Advice),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4000, false, "4000 entries have values whose type is not followed")]
    [InlineData(0, true, "There was no time to look at all entries")]
    public async Task Much_that_may_hang_on_entries_all_the_same_is_not_said_to_be_no_caches(
        long unfollowed, bool isCut, string text)
    {
        _process.LiveBytes = 700 * MiB;
        _process.DeadBytes = 400 * MiB;
        var caches = new CacheShare { Bytes = 100 * MiB };

        ReleaseResult result = await ReleaseBesideCaches(caches with
        {
            Recheck = () => caches with { UnfollowedEntries = unfollowed, IsSearchCut = isCut },
        });

        string advice = Assert.Single(result.Advice);
        Assert.Contains(text, advice, StringComparison.Ordinal);
        Assert.DoesNotContain("It is not the cache", advice, StringComparison.Ordinal);
        Assert.DoesNotContain("Lowering a limit", advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(103, 40)]
    [InlineData(700, 360)]
    public async Task Little_that_lives_outside_the_caches_is_not_named(long live, long caches)
    {
        _process.LiveBytes = live * MiB;

        Assert.Empty((await ReleaseBesideCaches(new CacheShare { Bytes = caches * MiB })).Advice);
    }

    [Fact]
    public async Task What_finalizers_hold_is_not_named_a_second_time_as_live()
    {
        _process.FinalizableBytes = 400 * MiB;
        _process.DuringFinalizerWait = () => _process.IsInNoGCRegion = true;

        ReleaseResult result = await ReleaseBesideCaches(new CacheShare { Bytes = 40 * MiB });

        Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
        Assert.Contains("finalizers", Assert.Single(result.Advice), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mapped_files_are_named_with_the_largest_and_are_no_failure_of_the_release()
    {
        _process.FileBytes = 600 * MiB;
        _process.DeadBytes = 400 * MiB;
        _process.Mappings = new MapText().At(0x7f00_0000_0000)
            .Add(590 * MiB, "r--p", "/data/index", resident: 590 * MiB).ToString();

        ReleaseResult result = await Release(400 * MiB);

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.StartsWith(
            "600 MiB are pages of mapped files, the largest /data/index (590 MiB).",
            Assert.Single(result.Advice),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(63, 40)]
    [InlineData(100, 400)]
    public async Task Few_mapped_files_are_not_named(long files, long live)
    {
        _process.FileBytes = files * MiB;
        _process.LiveBytes = live * MiB;

        Assert.Empty((await Release(400 * MiB)).Advice);
    }

    private Task<ReleaseResult> ReleaseBesideCaches(CacheShare share) => _releaser.ReleaseAsync(
        new ReleaseRequest { ExpectedBytes = 400 * MiB, ReadCaches = () => share }, CancellationToken.None);

    [Fact]
    public async Task Bytes_that_are_still_alive_are_told_from_bytes_that_died_before()
    {
        ProcessMemorySnapshot baseline = _process.Memory.TakeSnapshot();
        object held = new();
        var sample = new EvictedSample();
        sample.Add(held, 30 * MiB);
        ReleaseResult alive = await Release(30 * MiB, baseline: baseline, sample: sample);
        ReleaseResult unknown = await Release(30 * MiB);

        Assert.Equal(ReleaseOutcome.Partial, alive.Outcome);
        Assert.Contains("still referenced", Assert.Single(alive.Advice), StringComparison.Ordinal);
        Assert.Equal(ReleaseOutcome.Released, unknown.Outcome);
        Assert.Empty(unknown.Advice);
        Assert.Contains("no more to give back", unknown.Reason, StringComparison.Ordinal);
        GC.KeepAlive(held);
    }

    [Fact]
    public async Task An_exception_reaches_who_waits_and_the_next_release_works()
    {
        _process.DuringCollection = static count =>
        {
            if (count == 1)
            {
                throw new InvalidTimeZoneException();
            }
        };

        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Release(400 * MiB));
        Assert.Equal(1, (await Release(400 * MiB)).Collections);
    }
}
