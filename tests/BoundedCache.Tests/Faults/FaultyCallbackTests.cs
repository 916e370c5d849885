using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Faults;

/// <summary>Eviction callbacks that throw, block or call the cache, and a log that fails.</summary>
public class FaultyCallbackTests : FaultTest
{
    [Fact]
    public void A_callback_that_throws_is_logged_and_the_others_run()
    {
        int ran = 0;
        Set("a", more: entry => entry
            .RegisterPostEvictionCallback((_, _, _, _) => Interlocked.Increment(ref ran))
            .RegisterPostEvictionCallback(static (_, _, _, _) => throw new NotSupportedException())
            .RegisterPostEvictionCallback((_, _, _, _) => Interlocked.Increment(ref ran)));
        Set("b", more: entry => entry.RegisterPostEvictionCallback((_, _, _, _) => Interlocked.Increment(ref ran)));

        Cache.Clear();
        WaitForCallbacks();

        Assert.Equal(3, ran);
        Assert.Equal(1, Loggers.Count("CallbackFailed"));
        CheckHolds(entries: 0, bytes: 0);
    }

    [Fact]
    public void A_callback_that_blocks_holds_up_neither_the_cache_nor_other_callbacks()
    {
        using var release = new ManualResetEventSlim();
        using var ran = new ManualResetEventSlim();
        Set("a", more: entry => entry.RegisterPostEvictionCallback((_, _, _, _) => release.Wait(Patience)));
        Set("b", more: entry => entry.RegisterPostEvictionCallback((_, _, _, _) => ran.Set()));
        Cache.Remove("a");
        OnAnotherThread(() =>
        {
            Cache.Remove("b");
            Set("c");
            Cache.MaxMemory = 5;
        });
        Assert.True(ran.Wait(Patience));
        Assert.False(Cache.WaitForCallbacks(TimeSpan.Zero));
        release.Set();
        WaitForCallbacks();
        CheckHolds(entries: 0, bytes: 0);
        Cache.MaxMemory = 1000;
    }

    [Fact]
    public void A_callback_may_set_remove_clear_and_resize()
    {
        int ran = 0;
        for (int i = 0; i < 20; i++)
        {
            Set(i, more: entry => entry.RegisterPostEvictionCallback((key, _, _, _) =>
            {
                Set($"again {key}", 5);
                Cache.Remove($"again {(int)key - 1}");
                Cache.Compact(0.01);
                Cache.MaxMemory = 500 + (int)key;
                Interlocked.Increment(ref ran);
            }));
        }

        for (int i = 0; i < 20; i++)
        {
            Cache.Remove(i);
        }

        WaitForCallbacks();
        Assert.Equal(20, ran);
        Assert.InRange(Cache.MaxMemory, 500, 519);
        InvariantChecker.Check(Cache.Engine);
    }

    [Fact]
    public void A_callback_that_lowers_the_limit_with_a_release_does_not_wait_for_itself()
    {
        using var done = new ManualResetEventSlim();
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { MaxMemory = 1 << 20, ReleaseMode = ReleaseMode.Full });
        using (ICacheEntry entry = cache.CreateEntry("a"))
        {
            entry.Value = "x";
            entry.RegisterPostEvictionCallback((_, _, _, _) =>
            {
                cache.MaxMemory = 1 << 19;
                done.Set();
            });
        }

        cache.Remove("a");
        Assert.True(done.Wait(Patience));
        Assert.Equal(1 << 19, cache.MaxMemory);
        InvariantChecker.Check(cache.Engine);
    }

    [Fact]
    public void A_log_that_fails_harms_nobody()
    {
        using var failing = new FailingLog();
        using BoundedMemoryCache cache = MakeCache(failing);
        int ran = 0;
        for (int i = 0; i < 3; i++)
        {
            using ICacheEntry entry = cache.CreateEntry(i);
            entry.Value = "x";
            entry.Size = 10;
            entry.RegisterPostEvictionCallback(static (_, _, _, _) => throw new NotSupportedException());
            entry.RegisterPostEvictionCallback((_, _, _, _) => Interlocked.Increment(ref ran));
            entry.AddExpirationToken(new Token { Polled = true });
            entry.AddExpirationToken(new Token
            {
                OnRegister = static () => { },
                OnDispose = static () => throw new NotSupportedException(),
            });
        }

        cache.MaxMemory = 2000;
        cache.MaxMemory = 25;
        cache.Clear();
        Assert.True(cache.WaitForCallbacks(Patience));
        Assert.Equal(3, ran);
        Assert.Equal(1, failing.Count("CallbackFailed"));
        Assert.Equal(1, failing.Count("TokenFailed"));
        Assert.Equal(1, failing.Count("Raised"));

        // Above the timer's thread there is no caller that could catch an exception.
        using (ICacheEntry entry = cache.CreateEntry("polled"))
        {
            entry.Value = "x";
            entry.Size = 10;
            var token = new Token { Polled = true };
            entry.AddExpirationToken(token);
            entry.Dispose();
            token.OnAsk = static () => throw new NotSupportedException();
            Time.Advance(TimeSpan.FromMinutes(1));
            token.OnAsk = null;
        }

        Assert.Equal(2, failing.Count("TokenFailed"));
        Assert.Equal(1, cache.Count);
        InvariantChecker.Check(cache.Engine);
    }
}
