using System.Runtime.CompilerServices;
using BoundedCache.Process;
using BoundedCache.Tests.Sizing;
using BoundedCache.TestSupport;

namespace BoundedCache.Tests.Process;

[Collection(HeapTests.Name)]
public sealed class WeakTimerTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void It_ticks_first_after_the_due_time_and_then_once_a_period()
    {
        var owner = new Owner();
        _ = new WeakTimer<Owner>(_time, owner, Count, 3 * s_second, 2 * s_second);
        _time.Advance(2 * s_second);
        Assert.Equal(0, owner.Ticks);

        _time.Advance(1 * s_second);
        Assert.Equal(1, owner.Ticks);
        _time.Advance(4 * s_second);
        Assert.Equal(3, owner.Ticks);
    }

    [Fact]
    public void Without_a_period_it_ticks_once()
    {
        var owner = new Owner();
        _ = new WeakTimer<Owner>(_time, owner, Count, s_second, Timeout.InfiniteTimeSpan);
        _time.Advance(s_second);
        _time.Advance(60 * s_second);

        Assert.Equal(1, owner.Ticks);
    }

    [Fact]
    public void Its_times_can_be_changed()
    {
        var owner = new Owner();
        var timer = new WeakTimer<Owner>(_time, owner, Count, 60 * s_second, 60 * s_second);
        timer.Change(s_second, 2 * s_second);
        _time.Advance(3 * s_second);

        Assert.Equal(2, owner.Ticks);
    }

    [Fact]
    public void It_is_gone_from_the_clock_once_stopped()
    {
        var owner = new Owner();
        var timer = new WeakTimer<Owner>(_time, owner, Count, s_second, s_second);
        Assert.Equal(1, _time.ActiveTimers);
        timer.Stop();
        timer.Stop();

        Assert.Equal(0, _time.ActiveTimers);
        _time.Advance(s_second);
        Assert.Equal(0, owner.Ticks);
    }

    [Fact]
    public void A_tick_that_the_clock_had_begun_to_fire_does_nothing_once_the_timer_is_stopped()
    {
        var clock = new LateClock();
        var owner = new Owner();
        var timer = new WeakTimer<Owner>(clock, owner, Count, s_second, s_second);
        clock.Fire();
        timer.Stop();
        clock.Fire();

        Assert.Equal(1, owner.Ticks);
    }

    [Fact]
    public void A_tick_may_stop_its_own_timer()
    {
        var owner = new Owner();
        owner.Timer = new WeakTimer<Owner>(_time, owner, static self => self.Timer!.Stop(), s_second, s_second);
        _time.Advance(s_second);

        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public void It_ends_at_its_next_tick_once_its_owner_is_collected()
    {
        Assert.True(Eventually.Dead(Drop(_time)));
        Assert.Equal(1, _time.ActiveTimers);

        _time.Advance(s_second);
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public void A_timer_of_the_system_does_not_keep_its_owner_alive_either() =>
        Assert.True(Eventually.Dead(Drop(TimeProvider.System)));

    [Fact]
    public void A_tick_runs_without_the_context_of_the_timers_creator()
    {
        var local = new AsyncLocal<string?> { Value = "creator" };
        using var ticked = new ManualResetEventSlim();
        var owner = new Owner { Local = local, Ticked = ticked };
        _ = new WeakTimer<Owner>(
            TimeProvider.System,
            owner,
            static self =>
            {
                self.Seen = self.Local!.Value;
                self.Ticked!.Set();
            },
            TimeSpan.Zero,
            Timeout.InfiniteTimeSpan);

        Assert.True(ticked.Wait(TimeSpan.FromSeconds(30)));
        Assert.Null(owner.Seen);
        Assert.False(ExecutionContext.IsFlowSuppressed());
        GC.KeepAlive(owner);
    }

    [Fact]
    public void It_can_be_created_where_the_flow_is_suppressed_already()
    {
        using (ExecutionContext.SuppressFlow())
        {
            _ = new WeakTimer<Owner>(_time, new Owner(), Count, s_second, s_second);
            Assert.True(ExecutionContext.IsFlowSuppressed());
        }
    }

    [Fact]
    public async Task Stopping_while_it_ticks_ends_it()
    {
        for (int i = 0; i < 200; i++)
        {
            var owner = new Owner();
            var timer = new WeakTimer<Owner>(_time, owner, Count, s_second, s_second);
            using var start = new Barrier(2);
            Task stop = Task.Run(() =>
            {
                start.SignalAndWait();
                timer.Stop();
            });
            start.SignalAndWait();
            _time.Advance(s_second);
            await stop;
            int ticks = owner.Ticks;
            Assert.Equal(0, _time.ActiveTimers);

            _time.Advance(s_second);
            Assert.Equal(ticks, owner.Ticks);
        }
    }

    private static void Count(Owner owner) => Interlocked.Increment(ref owner.Ticks);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Drop(TimeProvider time)
    {
        var owner = new Owner();
        owner.Timer = new WeakTimer<Owner>(time, owner, Count, s_second, s_second);
        return [new WeakReference(owner)];
    }

    private sealed class Owner
    {
        public int Ticks;

        public WeakTimer<Owner>? Timer { get; set; }

        public AsyncLocal<string?>? Local { get; init; }

        public ManualResetEventSlim? Ticked { get; init; }

        public string? Seen { get; set; }
    }

    /// <summary>A clock whose timers fire even though they were stopped, as one does that had begun to.</summary>
    private sealed class LateClock : TimeProvider
    {
        private TimerCallback? _callback;
        private object? _state;

        public void Fire() => _callback!(_state);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, _state) = (callback, state);
            return new ManualTimeProvider().CreateTimer(callback, state, dueTime, period);
        }
    }
}
