using Microsoft.Extensions.Caching.Distributed;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>
/// Threads that are interrupted while they wait for the engine's lock. The exception is theirs; what they had begun
/// must end all the same.
/// </summary>
public sealed class ByteInterruptTests
{
    [Theory]
    [InlineData("clear")]
    [InlineData("compact")]
    [InlineData("shrink")]
    public void Bulk_work_that_is_interrupted_ends_as_bulk_work(string what) => Interruption.Until(() =>
    {
        using BoundedByteCache cache = Make(64 * MiB);
        for (int i = 0; i < 100_000; i++)
        {
            cache.Set($"key{i}", Value(i, 100));
        }

        bool isInterrupted = false;
        var worker = new Thread(() => isInterrupted = Interruption.Ends(() =>
        {
            switch (what)
            {
                case "clear":
                    cache.Clear();
                    break;
                case "compact":
                    cache.Compact(1);
                    break;
                default:
                    cache.MaxMemory = MiB;
                    break;
            }
        }));
        Interruption.Where(cache.Engine.Lock, worker, () => cache.Engine.IsInBulk && cache.Count > 0);
        Assert.False(cache.Engine.IsInBulk);

        // A lower limit that was interrupted is reached when it is set again.
        cache.MaxMemory = Math.Min(cache.MaxMemory, 32 * MiB);
        cache.Engine.CheckInvariants();
        cache.Clear();
        Assert.Equal(0, cache.UsedMemory);
        return isInterrupted;
    });

    [Fact]
    public void A_reader_that_is_interrupted_ends_its_lease_and_stays_interrupted()
    {
        using BoundedByteCache cache = Make();
        cache.Set("a", Value(1, 100_000));
        bool isInterrupted = false;
        InterruptAt(cache, 1, reach =>
        {
            Assert.True(cache.TryGet("a", new Interrupting(reach)));
            isInterrupted = Interruption.Ends(static () => Thread.Sleep(Interruption.Patience));
        });

        Assert.True(isInterrupted);
        Assert.True(cache.Remove("a"));
        cache.Engine.CheckInvariants();
        cache.Clear();
        Assert.Equal(0, cache.UsedMemory);
        Assert.True(cache.Set("a", new byte[15 * MiB]), "A lease still holds pages.");
    }

    [Fact]
    public void Memory_that_is_being_given_back_is_free_afterwards()
    {
        var pages = new FakePages();
        using BoundedByteCache cache = Make(pages: pages);
        cache.Set("a", Value(1, 8_000_000));
        InterruptAt(cache, 1, reach =>
        {
            pages.OnGiveBack = () =>
            {
                pages.OnGiveBack = null;
                reach();
            };
            _ = Interruption.Ends(() => cache.Remove("a"));
        });

        cache.Engine.CheckInvariants();
        for (int i = 0; i < 3; i++)
        {
            Assert.True(cache.Set("a", new byte[15 * MiB]));
            cache.Clear();
            Assert.Equal(0, cache.UsedMemory);
        }
    }

    [Fact]
    public void A_value_whose_writer_is_interrupted_leaves_nothing()
    {
        using BoundedByteCache cache = Make();
        bool isInterrupted = false;
        InterruptAt(cache, 2, reach => isInterrupted = Interruption.Ends(
            () => cache.Set("a", Sequences.Hooked(Value(1, 1_000_000), reach))));

        Assert.True(isInterrupted);
        Assert.Null(cache.Get("a"));
        cache.Engine.CheckInvariants();
        cache.Clear();
        Assert.Equal(0, cache.UsedMemory);
    }

    [Fact]
    public void A_writer_that_is_interrupted_while_it_takes_memory_leaves_nothing() => Interruption.Until(() =>
    {
        using BoundedByteCache cache = Make();
        cache.Set("a", Value(1, 8_000_000));

        // Before the lock is taken a second time: one hold takes no more than 64 slabs.
        bool isInterrupted = false;
        var writer = new Thread(() => isInterrupted = Interruption.Ends(() => cache.Set("b", new byte[15_000_000])));
        Interruption.Where(cache.Engine.Lock, writer, () => cache.Count == 0 || cache.UsedMemory > 9_000_000);
        cache.Engine.CheckInvariants();
        cache.Clear();
        Assert.Equal(0, cache.UsedMemory);
        return isInterrupted;
    });

    [Fact]
    public void A_disposal_that_is_interrupted_gives_all_back() => Interruption.Until(() =>
    {
        BoundedByteCache cache = Make(64 * MiB);
        for (int i = 0; i < 100_000; i++)
        {
            cache.Set($"key{i}", Value(i, 100));
        }

        // The disposal goes on, and its thread stays interrupted.
        bool isInterrupted = false;
        bool ends = false;
        var worker = new Thread(() =>
        {
            ends = !Interruption.Ends(cache.Dispose);
            isInterrupted = Interruption.IsPending();
        });
        Interruption.Where(cache.Engine.Lock, worker, () => cache.Engine.IsInBulk && cache.Count > 0);
        Assert.True(ends);
        Assert.Equal(0, cache.UsedMemory);
        return isInterrupted;
    });

    [Fact]
    public void A_disposal_whose_thread_is_interrupted_before_stops_the_timer_too()
    {
        var clock = new BlockingClock();
        BoundedByteCache cache = Make(time: clock);

        // Holds the lock that guards the limit, until the disposal waits for it.
        var storing = new Thread(() => Record.Exception(() => cache.Set(
            "a", [1], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(1) })));
        storing.Start();
        Assert.True(clock.IsAsked.Wait(Interruption.Patience));
        bool isThrown = false;
        bool isInterrupted = false;
        var disposing = new Thread(() =>
        {
            Thread.CurrentThread.Interrupt();
            isThrown = Interruption.Ends(cache.Dispose);
            isInterrupted = Interruption.IsPending();
        });
        disposing.Start();
        Assert.True(SpinWait.SpinUntil(
            () => cache.Engine.IsDisposed
                && (!disposing.IsAlive || disposing.ThreadState.HasFlag(ThreadState.WaitSleepJoin)),
            Interruption.Patience));
        clock.MayGoOn.Set();

        Assert.True(disposing.Join(Interruption.Patience) && storing.Join(Interruption.Patience));
        Assert.Equal((false, true, true), (isThrown, isInterrupted, clock.IsStopped));
    }

    /// <summary>
    /// Runs work on a thread up to a place that it reaches itself, takes the lock there, and interrupts it where it
    /// waits for the lock next.
    /// </summary>
    private static void InterruptAt(BoundedByteCache cache, int times, Action<Action> work)
    {
        using var isIn = new ManualResetEventSlim();
        using var mayGo = new ManualResetEventSlim();
        int waits = 0;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                work(() =>
                {
                    isIn.Set();
                    Assert.True(mayGo.Wait(Interruption.Patience));
                });
            }
            catch (Exception thrown)
            {
                failure = thrown;
            }
        });
        thread.Start();
        Assert.True(isIn.Wait(Interruption.Patience));
        cache.Engine.Lock.OnWaiting = () => Interlocked.Increment(ref waits);
        using (cache.Engine.Lock.Enter())
        {
            mayGo.Set();
            for (int i = 1; i <= times; i++)
            {
                AwaitWaits(i);
                thread.Interrupt();
            }

            AwaitWaits(times + 1);
        }

        Assert.True(thread.Join(Interruption.Patience));
        cache.Engine.Lock.OnWaiting = null;
        Assert.Null(failure);

        void AwaitWaits(int count) => Assert.True(SpinWait.SpinUntil(
            () => Volatile.Read(ref waits) >= count
                || thread.ThreadState.HasFlag(ThreadState.Stopped)
                || (count > times && thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin)
                    && cache.Engine.Lock.Waiting == 0),
            Interruption.Patience));
    }

    /// <summary>A clock that makes its timer only when a test says so.</summary>
    private sealed class BlockingClock : TimeProvider, ITimer
    {
        public ManualResetEventSlim IsAsked { get; } = new();

        public ManualResetEventSlim MayGoOn { get; } = new();

        public bool IsStopped { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            IsAsked.Set();
            Assert.True(MayGoOn.Wait(Interruption.Patience));
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() => IsStopped = true;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
