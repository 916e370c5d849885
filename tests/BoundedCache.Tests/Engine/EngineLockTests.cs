using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

public sealed class EngineLockTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void Bulk_work_takes_the_lock_after_those_who_waited_for_it()
    {
        var engineLock = new EngineLock(patienceMilliseconds: (long)s_limit.TotalMilliseconds);
        int entered = 0;
        Thread[] waiters = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            using (engineLock.Enter())
            {
                entered++;
            }
        }))];
        using (engineLock.Enter())
        {
            Array.ForEach(waiters, static waiter => waiter.Start());
            Assert.True(SpinWait.SpinUntil(() => engineLock.Waiting == waiters.Length, s_limit), "they do not wait");
        }

        using (engineLock.EnterAfterOthers())
        {
            Assert.Equal(waiters.Length, entered);
        }

        Array.ForEach(waiters, static waiter => waiter.Join());
        Assert.Equal(0, engineLock.Waiting);
    }

    [Fact]
    public void Bulk_work_leaves_the_free_lock_to_whoever_waits_for_it()
    {
        var engineLock = new EngineLock(patienceMilliseconds: (long)s_limit.TotalMilliseconds);
        using var parked = new ParkedWaiter(engineLock);
        bool bulkIsIn = false;
        bool waiterWasIn = false;
        var bulk = new Thread(() =>
        {
            using (engineLock.EnterAfterOthers())
            {
                waiterWasIn = parked.WasIn;
                Volatile.Write(ref bulkIsIn, true);
            }
        });
        bulk.Start();
        Assert.True(
            SpinWait.SpinUntil(() => engineLock.TimesLetIn > 0 || Volatile.Read(ref bulkIsIn), s_limit),
            "bulk work neither waits nor comes in");

        parked.GoOn();
        Assert.True(bulk.Join(s_limit), "bulk work never comes in");
        Assert.True(waiterWasIn, "bulk work came in first");
    }

    /// <summary>Each of these takes the lock many times in a row, and looks for waiting threads each time.</summary>
    [Theory]
    [InlineData("clear", 8)]
    [InlineData("evict some", 8)]
    [InlineData("evict down to a limit", 8)]
    [InlineData("trim", 3)]
    [InlineData("expire", 31)]
    [InlineData("list the keys", 2)]
    public void Bulk_work_lets_waiting_threads_in_before_each_hold(string work, int holds)
    {
        const int Entries = 1000;
        var both = new EngineAndModel(10_000);
        CacheEngine engine = both.Engine;
        if (work == "list the keys")
        {
            both.Fill(Entries, 2 * SlotStore.ChunkSize);
        }

        for (int i = 0; i < Entries; i++)
        {
            both.Set($"key {i}", seconds: 1);
        }

        if (work == "trim")
        {
            both.Fill(Entries, 5000);
            engine.Evict(Entries + 4500);
        }

        using var parked = new ParkedWaiter(engine.Lock);
        int before = engine.Lock.TimesLetIn;
        switch (work)
        {
            case "clear":
                engine.Clear();
                break;

            case "evict some":
                engine.Evict(Entries);
                break;

            case "evict down to a limit":
                // The parked thread holds nothing, so the lock is free for this one.
                engine.SetMaxBytes(1);
                engine.EvictDownToLimit();
                break;

            case "trim":
                engine.Trim();
                break;

            case "expire":
                both.Time.Advance(TimeSpan.FromSeconds(1));
                Assert.Equal(Entries, engine.RemoveExpired(static _ => { }));
                break;

            default:
                Assert.Equal(Entries + (2 * SlotStore.ChunkSize), engine.SnapshotKeys().Count);
                break;
        }

        Assert.InRange(engine.Lock.TimesLetIn - before, holds, int.MaxValue);
    }

    [Fact]
    public void Bulk_work_goes_on_though_whoever_waits_does_not_come()
    {
        var engineLock = new EngineLock(patienceMilliseconds: 0);
        using var holds = new ManualResetEventSlim();
        Thread waiter;
        using (engineLock.Enter())
        {
            waiter = new Thread(() =>
            {
                using (engineLock.Enter())
                {
                    holds.Wait(s_limit);
                }
            });
            waiter.Start();
            Assert.True(SpinWait.SpinUntil(() => engineLock.Waiting == 1, s_limit), "it does not wait");
        }

        holds.Set();
        using (engineLock.EnterAfterOthers())
        {
        }

        waiter.Join();
    }

    [Fact]
    public void Who_waits_for_bulk_work_stays_awake()
    {
        var engineLock = new EngineLock(wakefulMilliseconds: (long)s_limit.TotalMilliseconds);
        var waiter = new Thread(() => engineLock.Enter().Dispose());
        using (engineLock.EnterAfterOthers())
        {
            waiter.Start();
            Assert.True(SpinWait.SpinUntil(() => engineLock.Waiting == 1, s_limit), "it does not wait");

            // A thread that yields shows as asleep for moments. After this time, a thread that
            // sleeps shows as asleep all the time.
            Assert.False(waiter.Join(TimeSpan.FromMilliseconds(100)));
            Assert.True(
                SpinWait.SpinUntil(() => !waiter.ThreadState.HasFlag(ThreadState.WaitSleepJoin), s_limit / 2),
                "it sleeps");
        }

        Assert.True(waiter.Join(s_limit), "it never comes in");
    }

    [Fact]
    public void Who_waits_for_bulk_work_that_takes_long_comes_in_all_the_same()
    {
        var engineLock = new EngineLock();
        bool entered = false;
        Thread waiter;
        using (engineLock.EnterAfterOthers())
        {
            waiter = new Thread(() =>
            {
                using (engineLock.Enter())
                {
                    entered = true;
                }
            });
            waiter.Start();
            Assert.True(SpinWait.SpinUntil(() => engineLock.Waiting == 1, s_limit), "it does not wait");

            // Longer than any thread stays awake for it.
            Assert.False(waiter.Join(TimeSpan.FromMilliseconds(50)));
            Assert.False(entered);
        }

        Assert.True(waiter.Join(s_limit), "it never comes in");
        Assert.True(entered);
        Assert.Equal(0, engineLock.Waiting);
    }

    [Fact]
    public void A_reader_that_finds_an_expired_entry_waits_for_nobody()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1, static entry => entry.SetAbsoluteExpiration(TimeSpan.FromMinutes(1)));
        test.Time.Advance(TimeSpan.FromMinutes(1));
        bool? found = null;
        var reader = new Thread(() => found = test.Cache.TryGetValue((object)"key", out _));
        using (test.Cache.Engine.Lock.Enter())
        {
            reader.Start();
            Assert.True(reader.Join(s_limit), "the reader waits");
        }

        Assert.Equal((false, 1), (found, test.Cache.Count));
        Assert.False(test.Has("key"));
        Assert.Equal(0, test.Cache.Count);
    }

    /// <summary>A thread that waits for the lock and is held up before it takes it, though the lock is free.</summary>
    private sealed class ParkedWaiter : IDisposable
    {
        private readonly EngineLock _lock;
        private readonly Thread _thread;
        private readonly ManualResetEventSlim _goOn = new();

        public ParkedWaiter(EngineLock engineLock)
        {
            _lock = engineLock;
            engineLock.OnWaiting = () => _goOn.Wait();
            _thread = new Thread(() =>
            {
                using (engineLock.Enter())
                {
                    WasIn = true;
                }
            })
            {
                IsBackground = true,
            };
            using (engineLock.Enter())
            {
                _thread.Start();
                Assert.True(SpinWait.SpinUntil(() => engineLock.Waiting == 1, s_limit), "it does not wait");
            }
        }

        /// <summary>Whether it held the lock. Read under the lock.</summary>
        public bool WasIn { get; private set; }

        public void GoOn() => _goOn.Set();

        public void Dispose()
        {
            _lock.OnWaiting = null;
            _goOn.Set();
            _thread.Join();
            _goOn.Dispose();
        }
    }
}
