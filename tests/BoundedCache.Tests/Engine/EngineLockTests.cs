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
}
