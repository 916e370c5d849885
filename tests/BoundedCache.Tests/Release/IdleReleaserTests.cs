using System.Collections.Concurrent;
using BoundedCache.Process;
using BoundedCache.Release;
using BoundedCache.Tests.Process;
using BoundedCache.TestSupport;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>When a quiet process is released though nobody asks.</summary>
public sealed class IdleReleaserTests
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan s_period = TimeSpan.FromMinutes(1);

    private readonly FakeProcess _process = new();
    private readonly FaultyTime _time = new();
    private readonly ConcurrentQueue<Exception> _failures = [];
    private readonly SemaphoreSlim _released = new(0);
    private readonly List<ReleaseResult> _results = [];
    private readonly MemoryReleaser _releaser;
    private readonly IdleReleaser _watch;
    private readonly IdleReleaser.Member _member;
    private int _awaited;
    private long _usedBytes = 300 * MiB;

    public IdleReleaserTests()
    {
        var thresholds = new ReleaseThresholds
        {
            Finalizers = TimeSpan.FromSeconds(30),
            BackgroundPoll = TimeSpan.Zero,
            SliceInterval = TimeSpan.Zero,
            FruitlessInterval = TimeSpan.Zero,
        };
        _releaser = new MemoryReleaser(_process.Memory, thresholds);
        _watch = new IdleReleaser(_releaser, _process.Memory, _time);
        _member = new IdleReleaser.Member
        {
            Interval = s_interval,
            MinimumBytes = 64 * MiB,
            UsedBytes = () => Interlocked.Read(ref _usedBytes),
            OnReleased = result =>
            {
                _results.Add(result);
                _released.Release();
            },
            OnFailed = _failures.Enqueue,
        };
        _watch.Join(_member);
        _process.LiveBytes = 340 * MiB;
        _process.CollectInBackground();
        _process.CollectYoung(0);
        Pass(1);
    }

    /// <summary>The cache lets go of most of what it had, and nobody collects.</summary>
    private void LetGo()
    {
        _process.LiveBytes = 40 * MiB;
        _process.DeadBytes += 300 * MiB;
        _usedBytes = 0;
    }

    private void Pass(int checks)
    {
        for (int i = 0; i < checks; i++)
        {
            _time.Advance(s_period);
        }
    }

    private async Task AssertReleased()
    {
        _awaited++;
        Assert.True(await _released.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_process_that_holds_much_more_than_it_needs_for_a_while_is_released_gently()
    {
        LetGo();
        Pass(3);

        await AssertReleased();
        Assert.Contains("300 MiB came back in", Assert.Single(_results).Reason, StringComparison.Ordinal);
        Assert.Equal(0, _process.Collections);
    }

    [Fact]
    public void It_has_to_last()
    {
        LetGo();
        Pass(2);

        Assert.Equal(["background", "young 0"], _process.Steps);
    }

    [Fact]
    public void A_process_that_needs_what_it_holds_is_left_alone()
    {
        Pass(20);

        Assert.Equal(["background", "young 0"], _process.Steps);
    }

    [Fact]
    public void A_process_that_allocates_is_left_alone()
    {
        LetGo();
        for (int i = 0; i < 20; i++)
        {
            _process.TotalAllocatedBytes += 61 * MiB;
            Pass(1);
        }

        Assert.Equal(["background", "young 0"], _process.Steps);
    }

    [Fact]
    public async Task There_is_one_release_an_interval()
    {
        LetGo();
        Pass(3);
        await AssertReleased();
        FillAndLetGoAgain();
        Pass(6);

        await AssertReleased();
    }

    [Fact]
    public async Task There_is_no_second_release_within_an_interval()
    {
        LetGo();
        Pass(3);
        await AssertReleased();
        FillAndLetGoAgain();
        Pass(4);

        await AssertNoneBegun();
    }

    [Fact]
    public async Task After_a_background_collection_what_the_heap_holds_is_what_is_not_native()
    {
        LetGo();
        _process.DeadBytes = 0;
        _process.SetLast(new GCReading
        {
            Index = 10,
            Generation = 2,
            Concurrent = true,
            HeapBytes = 40 * MiB,
            CommittedBytes = 50 * MiB,
        });
        Pass(3);

        await AssertReleased();
    }

    private void FillAndLetGoAgain()
    {
        _process.LiveBytes = 340 * MiB;
        _usedBytes = 300 * MiB;
        _process.CollectInBackground();
        _process.CollectYoung(0);
        Pass(1);
        LetGo();
    }

    /// <summary>
    /// Asserts that no idle release was begun since the last: a release that is asked for now runs alone.
    /// </summary>
    private async Task AssertNoneBegun()
    {
        // A gentle one, which no other gentle one is ended early for.
        ReleaseResult own = await _releaser.ReleaseAsync(
            new ReleaseRequest { ExpectedBytes = 0, Mode = ReleaseMode.Gentle, Forced = true }, CancellationToken.None);

        // Each gentle release ends with slices of that generation.
        Assert.Equal(_awaited + 1, _process.Steps.Count(static step => step == "young 1"));
        Assert.DoesNotContain("expected", own.Reason, StringComparison.Ordinal);
    }

    private void HoldBack(long bytes)
    {
        _process.StuckBytes = bytes;
        _process.PinnedObjects = 1000;
    }

    [Fact]
    public async Task What_a_release_could_not_take_is_no_reason_for_another()
    {
        HoldBack(300 * MiB);
        LetGo();
        Pass(3);
        await AssertReleased();
        Pass(20);

        await AssertNoneBegun();
        Assert.Single(_results);
    }

    [Fact]
    public async Task What_was_let_go_since_a_release_that_could_not_take_all_is_reason_for_another()
    {
        HoldBack(100 * MiB);
        LetGo();
        Pass(3);
        await AssertReleased();
        Pass(20);
        _process.DeadBytes += 200 * MiB;
        Pass(20);

        await AssertReleased();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_release_that_did_not_run_or_ended_early_another_one_follows(bool hasBegun)
    {
        _process.IsInNoGCRegion = !hasBegun;
        _process.DuringStep = step => _process.IsInNoGCRegion |= step == "young 0";
        LetGo();
        Pass(3);
        await AssertReleased();
        Assert.Equal(!hasBegun, _results[0].Outcome == ReleaseOutcome.Skipped);

        _process.DuringStep = static _ => { };
        _process.IsInNoGCRegion = false;
        Pass(7);

        await AssertReleased();
        Assert.Equal(40 * MiB, _process.ReadLast().CommittedBytes);
    }

    [Fact]
    public async Task A_process_that_collects_its_whole_heap_is_left_alone()
    {
        HoldBack(300 * MiB);
        LetGo();
        for (int i = 0; i < 20; i++)
        {
            _process.CollectInBackground();
            Pass(1);
        }

        await AssertNoneBegun();
    }

    [Fact]
    public async Task A_while_that_is_interrupted_begins_anew()
    {
        LetGo();
        Pass(2);
        _process.TotalAllocatedBytes += 100 * MiB;
        Pass(3);
        await AssertNoneBegun();
    }

    [Theory]
    [InlineData(60, 200, false)]
    [InlineData(70, 200, false)]
    [InlineData(70, 20, true)]
    public async Task It_is_released_from_the_members_minimum_on_and_half_of_what_is_needed(
        long excessMiB, long liveMiB, bool isReleased)
    {
        _process.LiveBytes = liveMiB * MiB;
        _process.CollectAggressively();
        _usedBytes = 0;
        Pass(1);
        _process.DeadBytes = excessMiB * MiB;
        Pass(3);

        if (isReleased)
        {
            await AssertReleased();
        }
        else
        {
            await AssertNoneBegun();
        }
    }

    [Fact]
    public async Task Memory_that_is_committed_and_not_resident_is_not_held()
    {
        _process.SetLast(new GCReading
        {
            Index = 10,
            Generation = 2,
            HeapBytes = 340 * MiB,
            CommittedBytes = 1000 * MiB,
        });
        Pass(10);

        await AssertNoneBegun();
    }

    [Fact]
    public async Task The_shortest_interval_of_all_members_sets_how_often_it_checks()
    {
        IdleReleaser.Member other = _member with { Interval = s_interval / 2 };
        _watch.Join(other);
        LetGo();
        for (int i = 0; i < 3; i++)
        {
            _time.Advance(s_period / 2);
        }

        await AssertReleased();
        GC.KeepAlive(other);
    }

    [Fact]
    public void Nobody_is_watched_for_once_the_last_cache_has_left()
    {
        Assert.Equal(1, _time.ActiveTimers);
        _watch.Leave(_member);

        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public void Several_caches_share_one_timer_and_its_shortest_interval()
    {
        IdleReleaser.Member other =
            _member with { Interval = TimeSpan.FromMinutes(3), OnReleased = _member.OnReleased };
        _watch.Join(other);
        Assert.Equal(1, _time.ActiveTimers);

        _watch.Leave(_member);
        Assert.Equal(1, _time.ActiveTimers);
        GC.KeepAlive(other);
    }

    [Fact]
    public async Task A_clock_that_throws_in_a_check_is_told_and_checks_go_on_when_it_works_again()
    {
        LetGo();
        _time.Fails = static () => true;
        Pass(3);
        Assert.Equal(3, _failures.Count);
        _time.Fails = static () => false;
        Pass(3);

        await AssertReleased();
    }

    [Fact]
    public async Task A_clock_that_throws_after_a_release_loses_neither_its_result_nor_later_releases()
    {
        LetGo();
        Pass(2);
        Thread test = Thread.CurrentThread;
        _time.Fails = () => Thread.CurrentThread != test;
        Pass(1);
        await AssertReleased();
        Assert.True(SpinWait.SpinUntil(() => !_failures.IsEmpty, TimeSpan.FromSeconds(30)));
        Assert.IsType<NotSupportedException>(Assert.Single(_failures));
        _time.Fails = static () => false;
        FillAndLetGoAgain();
        Pass(6);

        await AssertReleased();
    }

    [Fact]
    public void A_release_that_fails_is_told()
    {
        LetGo();
        _process.DuringStep = static _ => throw new InsufficientMemoryException();
        Pass(3);

        Assert.True(SpinWait.SpinUntil(() => !_failures.IsEmpty, TimeSpan.FromSeconds(30)));
        Assert.IsType<InsufficientMemoryException>(Assert.Single(_failures));
    }

    private sealed class FaultyTime : TimeProvider
    {
        private readonly ManualTimeProvider _time = new();

        public Func<bool> Fails { get; set; } = static () => false;

        public int ActiveTimers => _time.ActiveTimers;

        public override long TimestampFrequency => _time.TimestampFrequency;

        public void Advance(TimeSpan time) => _time.Advance(time);

        public override long GetTimestamp() =>
            Fails() ? throw new NotSupportedException("The clock stands still.") : _time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            _time.CreateTimer(callback, state, dueTime, period);
    }
}
