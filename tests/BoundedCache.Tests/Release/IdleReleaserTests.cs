using BoundedCache.Release;
using BoundedCache.TestSupport;
using BoundedCache.Tests.Process;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>When a quiet process is released though nobody asks.</summary>
public sealed class IdleReleaserTests
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan s_period = TimeSpan.FromMinutes(1);

    private readonly FakeProcess _process = new();
    private readonly ManualTimeProvider _time = new();
    private readonly SemaphoreSlim _released = new(0);
    private readonly List<ReleaseResult> _results = [];
    private readonly IdleReleaser _watch;
    private readonly IdleMember _member;
    private long _usedBytes = 300 * MiB;

    public IdleReleaserTests()
    {
        var limits = new ReleaseThresholds
        {
            Finalizers = TimeSpan.FromSeconds(30),
            BackgroundPoll = TimeSpan.Zero,
            SliceInterval = TimeSpan.Zero,
            FruitlessInterval = TimeSpan.Zero,
        };
        _watch = new IdleReleaser(new MemoryReleaser(_process.Memory, limits), _process.Memory, _time);
        _member = new IdleMember
        {
            Interval = s_interval,
            MinimumBytes = 64 * MiB,
            UsedBytes = () => Interlocked.Read(ref _usedBytes),
            OnReleased = result =>
            {
                _results.Add(result);
                _released.Release();
            },
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
        string[] steps = [.. _process.Steps];
        _process.LiveBytes = 340 * MiB;
        _usedBytes = 300 * MiB;
        _process.CollectInBackground();
        _process.CollectYoung(0);
        Pass(1);
        LetGo();
        Pass(4);
        Assert.Equal([.. steps, "background", "young 0"], _process.Steps);

        Pass(2);
        await AssertReleased();
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
        IdleMember other = _member with { Interval = TimeSpan.FromMinutes(3), OnReleased = _member.OnReleased };
        _watch.Join(other);
        Assert.Equal(1, _time.ActiveTimers);

        _watch.Leave(_member);
        Assert.Equal(1, _time.ActiveTimers);
        GC.KeepAlive(other);
    }
}
