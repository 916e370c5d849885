using BoundedCache.Engine;
using BoundedCache.Process;
using BoundedCache.Release;
using BoundedCache.Report;
using BoundedCache.Tests.Process;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>Sentences of a release, each in a process where it is true and in one where it would not be.</summary>
public sealed class TrueWordsTests
{
    private readonly FakeProcess _process = new();

    private Task<ReleaseResult> Release(ReleaseRequest request) =>
        new MemoryReleaser(_process.Memory, new ReleaseThresholds
        {
            Finalizers = TimeSpan.FromSeconds(30),
            CallbackPatience = TimeSpan.FromSeconds(30),
            BackgroundPoll = TimeSpan.Zero,
            SliceInterval = TimeSpan.Zero,
            FruitlessInterval = TimeSpan.Zero,
            StormWindow = TimeSpan.Zero,
        }).ReleaseAsync(request, CancellationToken.None);

    private Task<ReleaseResult> Evict(long mib, long cachesMib, EvictedSample? sample = null) => Release(
        new ReleaseRequest
        {
            ExpectedBytes = mib * MiB,
            Baseline = _process.Memory.TakeSnapshot(),
            ReadCaches = () => new CacheShare { Bytes = cachesMib * MiB },
            Evicted = sample,
        });

    [Fact]
    public async Task Entries_that_share_an_object_leave_nothing_that_is_still_referenced()
    {
        // Charged 900 MiB in a heap of 130, of which 70 go.
        _process.LiveBytes = 60 * MiB;
        _process.DeadBytes = 70 * MiB;

        ReleaseResult result = await Evict(700, cachesMib: 200);

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Empty(result.Advice);
        Assert.Contains("charged to several entries that share it", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_everything_was_freed_nothing_is_still_referenced()
    {
        _process.LiveBytes = 1 * MiB;
        _process.DeadBytes = 129 * MiB;
        _process.NativeBytes = 60 * MiB;

        ReleaseResult result = await Evict(900, cachesMib: 0);

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.DoesNotContain("still referenced", string.Join(' ', result.Advice), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_that_somebody_holds_are_still_referenced()
    {
        object[] held = [.. Enumerable.Range(0, 100).Select(static _ => new object())];
        _process.LiveBytes = 1000 * MiB;

        ReleaseResult result = await Evict(900, cachesMib: 80, SampleOf(held));

        Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
        Assert.StartsWith("900 MiB of what was let go is still referenced", result.Advice[0], StringComparison.Ordinal);

        // Values that were stored under two keys, of which one left, are such.
        Assert.Contains(
            "Look for other holders of the values: other entries of caches, ",
            result.Advice[0],
            StringComparison.Ordinal);
        GC.KeepAlive(held);
    }

    [Fact]
    public async Task Where_it_is_not_known_who_holds_what_is_missing_all_that_it_can_be_is_said()
    {
        // Beside 2,000 MiB of other objects, 700 MiB that entries were charged are missing, and no value is alive.
        _process.LiveBytes = 2000 * MiB;
        _process.DeadBytes = 50 * MiB;

        ReleaseResult result = await Evict(700, cachesMib: 200, SampleOf(["a literal"]));

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Contains("Either entries share objects", result.Advice[0], StringComparison.Ordinal);
        Assert.DoesNotContain("still referenced", string.Join(' ', result.Advice), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RSS_is_the_figure_of_the_sentence()
    {
        _process.FileBytes = 100 * MiB;
        _process.DeadBytes = 400 * MiB;

        ReleaseResult result = await Release(new ReleaseRequest { ExpectedBytes = 400 * MiB });

        Assert.Equal(
            "The process's RSS fell by 400 MiB to 142 MiB, where 400 MiB were expected back.", result.Reason);
    }

    [Fact]
    public async Task Anonymous_memory_is_named_where_it_went_another_way()
    {
        _process.DeadBytes = 400 * MiB;
        _process.DuringCollection = _ => _process.FileBytes = 300 * MiB;

        ReleaseResult result = await Release(new ReleaseRequest { ExpectedBytes = 400 * MiB });

        Assert.Equal(
            "The process's RSS fell by 100 MiB to 342 MiB and its anonymous memory, which is what a release lowers, "
                + "fell by 400 MiB to 42 MiB, where 400 MiB were expected back.",
            result.Reason);
        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
    }

    [Fact]
    public async Task A_process_that_grew_is_said_to_have_grown()
    {
        _process.DuringCollection = _ => _process.NativeBytes = 50 * MiB;

        ReleaseResult result = await Release(new ReleaseRequest { ExpectedBytes = 0, Forced = true });

        Assert.Equal("The process's RSS rose by 48 MiB to 90 MiB.", result.Reason);
    }

    [Theory]
    [InlineData(ReleaseMode.Full)]
    [InlineData(ReleaseMode.Gentle)]
    public async Task A_process_whose_memory_cannot_be_read_is_not_said_to_have_released_it(ReleaseMode mode)
    {
        _process.DeadBytes = 400 * MiB;
        _process.IsHidden = true;

        ReleaseResult result = await Release(new ReleaseRequest { ExpectedBytes = 400 * MiB, Mode = mode });

        Assert.Equal(ReleaseOutcome.Unknown, result.Outcome);
        Assert.StartsWith("What the process gave back is not known", result.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("RSS 0 B", result.Reason, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(^|\s)0 B", result.Reason);
        Assert.True(result.After.IsResidentUnknown);
        Assert.Empty(result.Advice);
    }

    [Fact]
    public async Task What_the_collector_says_holds_where_the_kernel_says_nothing()
    {
        _process.DeadBytes = 400 * MiB;
        _process.StuckBytes = 300 * MiB;
        _process.IsHidden = true;

        ReleaseResult result = await Release(new ReleaseRequest { ExpectedBytes = 400 * MiB });

        Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
        Assert.Contains("300 MiB of empty memory", Assert.Single(result.Advice), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ReleaseMode.Full, 30)]
    [InlineData(ReleaseMode.Gentle, 0)]
    public async Task Pauses_of_other_peoples_collections_are_not_the_releases(ReleaseMode mode, int most)
    {
        _process.DeadBytes = 400 * MiB;
        ReleaseResult alone = await Release(new ReleaseRequest { ExpectedBytes = 400 * MiB, Mode = mode });
        _process.DeadBytes = 400 * MiB;
        _process.OthersPause = TimeSpan.FromMilliseconds(500);

        ReleaseResult beside = await Release(new ReleaseRequest { ExpectedBytes = 400 * MiB, Mode = mode });

        Assert.InRange(alone.GCPause.TotalMilliseconds, Math.Max(1, most), 499);
        Assert.InRange(beside.GCPause, TimeSpan.FromTicks(1), alone.GCPause);
        Assert.InRange(beside.LongestPause, TimeSpan.FromTicks(1), alone.GCPause);
    }

    [Fact]
    public async Task The_pause_of_a_background_collection_of_others_is_not_the_gentle_releases()
    {
        _process.DeadBytes = 400 * MiB;
        _process.BackgroundPause = TimeSpan.FromMilliseconds(500);
        _process.InFlight = 1;
        bool isOwn = false;
        _process.DuringStep = step =>
        {
            _process.BackgroundPause = TimeSpan.FromMilliseconds(isOwn ? 7 : 500);
            isOwn |= step == "background";
        };

        ReleaseResult result = await Release(
            new ReleaseRequest { ExpectedBytes = 400 * MiB, Mode = ReleaseMode.Gentle });

        Assert.InRange(result.GCPause, TimeSpan.FromMilliseconds(7), TimeSpan.FromMilliseconds(499));
    }

    [Fact]
    public async Task The_pause_of_the_collection_that_ran_instead_is_not_the_full_releases()
    {
        _process.DeadBytes = 400 * MiB;
        _process.Swallow = 1;

        ReleaseResult result = await Release(new ReleaseRequest { ExpectedBytes = 400 * MiB });

        Assert.Equal((TimeSpan.FromMilliseconds(30), 2), (result.GCPause, result.Collections));
    }

    [Fact]
    public async Task A_release_that_ran_no_collection_has_no_pause()
    {
        _process.OthersPause = TimeSpan.FromMilliseconds(138);
        _process.InFlight = 99;

        ReleaseResult result = await Release(
            new ReleaseRequest { ExpectedBytes = 400 * MiB, Mode = ReleaseMode.None });

        Assert.Equal((TimeSpan.Zero, 0), (result.GCPause, result.Collections));
    }

    [Fact]
    public async Task Another_allocator_is_not_asked_and_named()
    {
        _process.NativeBytes = 900 * MiB;
        _process.NativeFreeBytes = 880 * MiB;
        _process.MallocAddress = 0x8100;
        _process.Maps = "8000-9000 r-xp 00000000 fe:00 33     /usr/lib/libjemalloc.so.2\n";

        ReleaseResult result = await Release(
            new ReleaseRequest { ExpectedBytes = 0, Forced = true, TrimNative = true });

        Assert.Equal(900 * MiB, _process.NativeBytes);
        Assert.DoesNotContain("gave back", result.Reason, StringComparison.Ordinal);
        Assert.Contains(result.Advice, static advice => advice.StartsWith(
            "TrimNativeMemory has no effect here: native code allocates with jemalloc", StringComparison.Ordinal));
        Assert.Contains(result.Advice, static advice =>
            advice.Contains("jemalloc, whose figures are not known", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_library_that_may_pass_calls_on_to_the_C_library_is_not_said_to_be_an_allocator()
    {
        _process.NativeBytes = 900 * MiB;
        _process.NativeFreeBytes = 880 * MiB;
        _process.MallocAddress = 0x8100;
        _process.Maps = "8000-9000 r-xp 00000000 fe:00 33     /usr/lib/libmemusage.so\n";

        ReleaseResult result = await Release(
            new ReleaseRequest { ExpectedBytes = 0, Forced = true, TrimNative = true });

        Assert.Contains("The C library's allocator gave back 880 MiB", result.Reason, StringComparison.Ordinal);
        Assert.Contains("libmemusage.so, which may be another allocator", result.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("libmemusage", string.Join(' ', result.Advice), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Holes_that_a_full_release_left_are_not_said_to_go_with_one()
    {
        _process.StuckBytes = 400 * MiB;
        _process.FragmentedBytes = 300 * MiB;
        _process.PinnedHoleBytes = 200 * MiB;

        ReleaseResult result = await Release(new ReleaseRequest { ExpectedBytes = 0, Forced = true });

        Assert.Equal(3, result.Advice.Count);
        Assert.StartsWith("200 MiB are holes between live objects that were allocated pinned.", result.Advice[0]);
        Assert.StartsWith("100 MiB are holes between live objects (fragmentation).", result.Advice[1]);
        Assert.StartsWith("The managed heap keeps 100 MiB of empty memory", result.Advice[2]);
        Assert.DoesNotContain("ReleaseAsync", string.Join(' ', result.Advice), StringComparison.Ordinal);
    }

    /// <summary>Pins that could hold the emptied heap. But it is all holes that no pin is in.</summary>
    [Theory]
    [InlineData(ReleaseMode.Full, 0)]
    [InlineData(ReleaseMode.Full, 1000)]
    [InlineData(ReleaseMode.Gentle, 0)]
    [InlineData(ReleaseMode.Gentle, 1000)]
    public async Task Holes_between_objects_that_were_allocated_pinned_are_one_finding_and_no_reason_for_another_try(
        ReleaseMode mode, long pins)
    {
        _process.PinnedObjects = pins;
        _process.StuckBytes = _process.FragmentedBytes = _process.PinnedHoleBytes = 200 * MiB;
        _process.CollectAggressively();
        int collections = _process.Collections;

        ReleaseResult result = await Release(new ReleaseRequest { ExpectedBytes = 0, Forced = true, Mode = mode });

        Assert.StartsWith(
            "200 MiB are holes between live objects that were allocated pinned.", Assert.Single(result.Advice));
        Assert.DoesNotContain("by itself", result.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("slices should have given back", result.Reason, StringComparison.Ordinal);
        Assert.Equal(mode == ReleaseMode.Full ? 1 : 0, _process.Collections - collections);
        Assert.DoesNotContain("compacting", _process.Steps);
    }

    [Theory]
    [InlineData(false, "Only 1 MiB could be expected back")]
    [InlineData(true, "The process's RSS")]
    public async Task Only_holes_that_a_release_can_close_are_a_reason_for_one(bool canClose, string reason)
    {
        _process.StuckBytes = _process.FragmentedBytes = 200 * MiB;
        _process.PinnedHoleBytes = canClose ? 0 : 200 * MiB;
        _process.CollectAggressively();

        ReleaseResult result = await Release(new ReleaseRequest { ExpectedBytes = MiB });

        Assert.StartsWith(reason, result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_anonymous_memory_is_told_only_once_RSS_is_compared_with_RSS()
    {
        _process.DeadBytes = 100 * MiB;
        _process.FileBytes = 300 * MiB;
        ProcessMemorySnapshot before = _process.Memory.TakeSnapshot();

        ReleaseResult result = await Release(new ReleaseRequest
        {
            ExpectedBytes = 100 * MiB,
            Baseline = before with { AnonymousBytes = null, FileBytes = null },
        });

        Assert.StartsWith("The process's RSS fell by 100 MiB to 342 MiB", result.Reason, StringComparison.Ordinal);
        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.DoesNotContain("anonymous", result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_gentle_release_that_ended_before_its_collection_says_only_why(bool hasBaseline)
    {
        object[] held = [.. Enumerable.Range(0, 100).Select(static _ => new object())];
        var releaser = new MemoryReleaser(_process.Memory, new ReleaseThresholds
        {
            BackgroundPoll = TimeSpan.Zero,
            Background = TimeSpan.Zero,
        });
        _process.LiveBytes = 1000 * MiB;
        _process.IsBackgroundStuck = true;

        ReleaseResult result = await releaser.ReleaseAsync(
            new ReleaseRequest
            {
                ExpectedBytes = 500 * MiB,
                Mode = ReleaseMode.Gentle,
                Baseline = hasBaseline ? _process.Memory.TakeSnapshot() : null,
                Evicted = hasBaseline ? SampleOf(held) : null,
                ReadCaches = static () => new CacheShare { Bytes = 100 * MiB },
                IsOwed = false,
            }, CancellationToken.None);

        Assert.Equal(
            (ReleaseOutcome.Skipped,
                "The gentle release ended early: the background collection had not ended after 0 s."),
            (result.Outcome, result.Reason));
        Assert.Empty(result.Advice);
        GC.KeepAlive(held);
    }

    [Fact]
    public async Task A_gentle_release_that_made_way_before_its_collection_says_only_that()
    {
        _process.LiveBytes = 1000 * MiB;
        _process.IsBackgroundStuck = true;
        var releaser = new MemoryReleaser(
            _process.Memory, new ReleaseThresholds { BackgroundPoll = TimeSpan.Zero, StormWindow = TimeSpan.Zero });
        Task<ReleaseResult>? full = null;
        _process.DuringStep = step => full ??= step == "background"
            ? releaser.ReleaseAsync(new ReleaseRequest { ExpectedBytes = 0, Forced = true }, CancellationToken.None)
            : null;

        ReleaseResult gentle = await releaser.ReleaseAsync(
            new ReleaseRequest { ExpectedBytes = 500 * MiB, Mode = ReleaseMode.Gentle }, CancellationToken.None);

        Assert.Equal(
            (ReleaseOutcome.Skipped,
                "The gentle release ended early: a full release was asked for meanwhile. "
                    + "A release follows by itself in a moment."),
            (gentle.Outcome, gentle.Reason));
        Assert.Empty(gentle.Advice);
        Assert.Equal(ReleaseOutcome.Released, (await full!).Outcome);
    }

    /// <summary>200 MiB were replaced and collected long ago, and other objects live.</summary>
    [Fact]
    public async Task Bytes_that_left_before_the_baseline_of_another_caller_are_not_called_alive()
    {
        using var joined = new ManualResetEventSlim();
        _process.LiveBytes = 250 * MiB;
        var releaser = new MemoryReleaser(
            _process.Memory, new ReleaseThresholds { CallbackPatience = TimeSpan.FromSeconds(30) });
        Task<ReleaseResult> first = releaser.ReleaseAsync(
            new ReleaseRequest
            {
                ExpectedBytes = 200 * MiB,
                Forced = true,
                WaitForCallbacks = timeout => joined.Wait(timeout),
            }, CancellationToken.None);
        Task<ReleaseResult> second = releaser.ReleaseAsync(
            new ReleaseRequest { ExpectedBytes = 0, Forced = true, Baseline = _process.Memory.TakeSnapshot() },
            CancellationToken.None);
        joined.Set();

        ReleaseResult result = await second;

        Assert.Same(await first, result);
        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Empty(result.Advice);
    }

    [Fact]
    public async Task Bytes_of_a_release_that_was_skipped_and_that_went_since_are_not_called_alive()
    {
        _process.LiveBytes = 3000 * MiB;
        _process.SetLast(
            new GCReading { Index = 7, HeapBytes = 3000 * MiB, CommittedBytes = 3000 * MiB, Compacted = true });
        var releaser = new MemoryReleaser(_process.Memory, new ReleaseThresholds());
        ReleaseResult skipped = await releaser.ReleaseAsync(
            new ReleaseRequest { ExpectedBytes = 25 * MiB }, CancellationToken.None);
        Assert.Equal(ReleaseOutcome.Skipped, skipped.Outcome);

        ReleaseResult result = await releaser.ReleaseAsync(
            new ReleaseRequest { ExpectedBytes = 0, Forced = true, Baseline = _process.Memory.TakeSnapshot() },
            CancellationToken.None);

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Empty(result.Advice);
    }

    [Fact]
    public async Task Without_a_sample_nothing_is_known_to_be_referenced()
    {
        _process.LiveBytes = 1000 * MiB;

        ReleaseResult result = await Evict(900, cachesMib: 80);

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Contains("something else refers to values or parts of them", result.Advice[0], StringComparison.Ordinal);
    }

    /// <summary>The application holds all 200 MiB: the values themselves, or only parts of them.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_application_holds_is_not_denied_and_not_blamed_on_native_memory(bool hasBaseline)
    {
        _process.LiveBytes = 250 * MiB;
        _process.NativeBytes = 900 * MiB;

        ReleaseResult result = await Release(new ReleaseRequest
        {
            ExpectedBytes = 200 * MiB,
            Baseline = hasBaseline ? _process.Memory.TakeSnapshot() : null,
            Evicted = hasBaseline ? SampleOf(["a literal"]) : null,
        });

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Contains("had gone before, is held by others, is not in", result.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("still referenced", result.Reason, StringComparison.Ordinal);
        Assert.EndsWith("or as much was allocated meanwhile.", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Native_memory_is_the_reason_where_the_heap_lost_what_was_expected()
    {
        _process.DeadBytes = 400 * MiB;
        _process.DuringCollection = _ => _process.NativeBytes = 400 * MiB;

        ReleaseResult result = await Evict(400, cachesMib: 0);

        Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
        Assert.EndsWith(
            ": the memory that stayed is not the managed heap's.", result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pending_finalizers_of_anybody_are_not_blamed_for_values_that_somebody_holds(bool isHeld)
    {
        object[] held = [.. Enumerable.Range(0, 100).Select(static _ => new object())];
        _process.LiveBytes = 1000 * MiB;
        _process.PendingFinalizers = 20;

        ReleaseResult result = await Evict(900, cachesMib: 80, SampleOf(isHeld ? held : ["a literal"]));

        Assert.Equal(ReleaseOutcome.Partial, result.Outcome);
        Assert.Contains(
            isHeld ? ": the rest is still alive." : ": finalizers may hold what was let go.",
            result.Reason,
            StringComparison.Ordinal);
        Assert.Equal(isHeld, result.Advice[0].Contains("still referenced", StringComparison.Ordinal));
        Assert.Equal(!isHeld, string.Join(' ', result.Advice).Contains("finalizers", StringComparison.Ordinal));
        GC.KeepAlive(held);
    }

    [Theory]
    [InlineData(1024, null)]
    [InlineData(1524, "500 MiB of the process's memory are outside the managed heap")]
    public async Task The_memory_of_byte_caches_is_not_taken_for_a_leak_of_native_code(long mib, string? advice)
    {
        _process.NativeBytes = mib * MiB;
        _process.DeadBytes = 400 * MiB;

        ReleaseResult result = await Release(new ReleaseRequest
        {
            ExpectedBytes = 400 * MiB,
            ReadCaches = static () => new CacheShare { NativeBytes = 1024 * MiB },
        });

        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
        Assert.Equal(advice is null ? 0 : 1, result.Advice.Count);
        Assert.StartsWith(advice ?? "", string.Join(' ', result.Advice), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_allocator_gave_back_is_told_in_one_figure()
    {
        _process.NativeBytes = 400 * MiB;
        _process.NativeFreeBytes = 300 * MiB;
        _process.DuringCollection = _ => _process.TellsNoParts = true;
        _process.DuringTrim = () => _process.TellsNoParts = false;
        _process.FileBytes = 500 * MiB;

        ReleaseResult result = await Release(
            new ReleaseRequest { ExpectedBytes = 0, Forced = true, TrimNative = true });

        Assert.Contains("allocator gave back 300 MiB in", result.Reason, StringComparison.Ordinal);
    }

    private static EvictedSample SampleOf(IEnumerable<object> values)
    {
        var sample = new EvictedSample();
        foreach (object value in values)
        {
            sample.Add(value, MiB);
        }

        return sample;
    }
}
