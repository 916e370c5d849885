using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>
/// Threads that are interrupted while they wait for the engine's lock. The exception is theirs; what they had begun
/// must end all the same.
/// </summary>
public sealed class ByteInterruptTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("clear")]
    [InlineData("compact")]
    [InlineData("shrink")]
    public void Bulk_work_that_is_interrupted_ends_as_bulk_work(string what) => UntilOneIsInterrupted(() =>
    {
        using BoundedByteCache cache = Make(64 * MiB);
        for (int i = 0; i < 100_000; i++)
        {
            cache.Set($"key{i}", Value(i, 100));
        }

        bool isInterrupted = false;
        var worker = new Thread(() => isInterrupted = Interrupts(() =>
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
        InterruptWhere(cache, worker, () => cache.Engine.IsInBulk && cache.Count > 0);
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
            isInterrupted = Interrupts(static () => Thread.Sleep(s_patience));
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
            _ = Interrupts(() => cache.Remove("a"));
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
        InterruptAt(cache, 2, reach => isInterrupted = Interrupts(
            () => cache.Set("a", Sequences.Hooked(Value(1, 1_000_000), reach))));

        Assert.True(isInterrupted);
        Assert.Null(cache.Get("a"));
        cache.Engine.CheckInvariants();
        cache.Clear();
        Assert.Equal(0, cache.UsedMemory);
    }

    [Fact]
    public void A_writer_that_is_interrupted_while_it_takes_memory_leaves_nothing() => UntilOneIsInterrupted(() =>
    {
        using BoundedByteCache cache = Make();
        cache.Set("a", Value(1, 8_000_000));

        // Before the lock is taken a second time: one hold takes no more than 64 slabs.
        bool isInterrupted = false;
        var writer = new Thread(() => isInterrupted = Interrupts(() => cache.Set("b", new byte[15_000_000])));
        InterruptWhere(cache, writer, () => cache.Count == 0 || cache.UsedMemory > 9_000_000);
        cache.Engine.CheckInvariants();
        cache.Clear();
        Assert.Equal(0, cache.UsedMemory);
        return isInterrupted;
    });

    [Fact]
    public void A_disposal_that_is_interrupted_gives_all_back() => UntilOneIsInterrupted(() =>
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
            ends = !Interrupts(cache.Dispose);
            isInterrupted = Interrupts(static () => Thread.Sleep(1));
        });
        InterruptWhere(cache, worker, () => cache.Engine.IsInBulk && cache.Count > 0);
        Assert.True(ends);
        Assert.Equal(0, cache.UsedMemory);
        return isInterrupted;
    });

    /// <summary>
    /// Rounds until a thread was interrupted inside: on a busy machine it may be through before another one looks.
    /// What must hold is asserted in each.
    /// </summary>
    private static void UntilOneIsInterrupted(Func<bool> round) =>
        Assert.True(Enumerable.Range(0, 100).Any(_ => round()), "In no round was the thread interrupted inside.");

    /// <summary>
    /// Interrupts a thread between two holds of the lock, where the condition holds, and waits for its end.
    /// </summary>
    private static void InterruptWhere(BoundedByteCache cache, Thread worker, Func<bool> isInside)
    {
        worker.Start();
        bool isFound = false;
        while (!isFound && worker.IsAlive)
        {
            using (cache.Engine.Lock.Enter())
            {
                isFound = isInside();
                if (isFound)
                {
                    worker.Interrupt();
                    Assert.True(SpinWait.SpinUntil(
                        () => !worker.IsAlive || cache.Engine.Lock.Waiting > 0, s_patience));
                }
            }
        }

        Assert.True(worker.Join(s_patience));
    }

    private static bool Interrupts(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (ThreadInterruptedException)
        {
            return true;
        }
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
                    Assert.True(mayGo.Wait(s_patience));
                });
            }
            catch (Exception thrown)
            {
                failure = thrown;
            }
        });
        thread.Start();
        Assert.True(isIn.Wait(s_patience));
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

        Assert.True(thread.Join(s_patience));
        cache.Engine.Lock.OnWaiting = null;
        Assert.Null(failure);

        void AwaitWaits(int count) => Assert.True(SpinWait.SpinUntil(
            () => Volatile.Read(ref waits) >= count
                || thread.ThreadState.HasFlag(ThreadState.Stopped)
                || (count > times && thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin)
                    && cache.Engine.Lock.Waiting == 0),
            s_patience));
    }
}
