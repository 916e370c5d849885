using BoundedCache.Entries;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

public sealed class EvictionCallbackTests
{
    [Fact]
    public void A_replaced_entry_says_so_with_its_old_value()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1);
        test.Set("key", 2);

        Assert.Equal([("key", 1, EvictionReason.Replaced)], test.TakeDepartures());
        Assert.Equal(2, test.Cache.Get("key"));
    }

    [Fact]
    public void A_replacement_that_is_too_large_ends_what_it_was_to_replace()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(3);
        test.Set("key", "old");
        test.Set("key", "too large", static entry => entry.Size = 4);

        Assert.False(test.Has("key"));
        Assert.Equal(
            [("key", "old", EvictionReason.Replaced), ("key", "too large", EvictionReason.Capacity)],
            test.TakeDepartures().OrderBy(static departure => (string)departure.Value!, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("too large")]
    [InlineData("expired")]
    [InlineData("removed")]
    public void What_waits_for_its_callback_is_counted_also_where_it_was_never_stored(string why)
    {
        using var gate = new ManualResetEventSlim();
        using var test = new CacheUnderTest(options =>
            (options.MaxMemory, options.Sizing) = (why == "too large" ? 1000 : 1_000_000, EntrySizing.Measured));
        long Pending() => ((ILiveCache)test.Cache).PendingBytes;
        using (ICacheEntry entry = test.Cache.CreateEntry("key"))
        {
            entry.Value = new byte[5000];
            entry.AbsoluteExpiration = why == "expired" ? DateTimeOffset.UnixEpoch : null;
            entry.RegisterPostEvictionCallback((_, _, _, _) => gate.Wait());
        }

        test.Cache.Remove("key");
        (int count, long pending) = (test.Cache.Count, Pending());
        gate.Set();
        Assert.Equal(0, count);
        Assert.InRange(pending, 5000, 6000);
        Assert.True(test.Cache.WaitForCallbacks(TimeSpan.FromSeconds(30)));
        Assert.Equal(0, Pending());
    }

    [Fact]
    public void A_removed_entry_says_so_once()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1);
        test.Cache.Remove("key");
        test.Cache.Remove("key");

        Assert.Equal([("key", 1, EvictionReason.Removed)], test.TakeDepartures());
    }

    [Fact]
    public void Callbacks_run_on_the_thread_pool_in_their_order_with_their_state()
    {
        using var test = new CacheUnderTest();
        var calls = new List<(object? State, bool OnPool, int Thread)>();
        using (ICacheEntry entry = test.Cache.CreateEntry("key"))
        {
            entry.Value = 1;
            for (int i = 0; i < 3; i++)
            {
                entry.RegisterPostEvictionCallback(
                    (_, _, _, state) => calls.Add(
                        (state, Thread.CurrentThread.IsThreadPoolThread, Environment.CurrentManagedThreadId)), i);
            }
        }

        var remover = new Thread(() => test.Cache.Remove("key"));
        remover.Start();
        remover.Join();
        test.TakeDepartures();

        Assert.Equal([0, 1, 2], calls.Select(static call => (int)call.State!));
        Assert.All(calls, call => Assert.True(call.OnPool && call.Thread != remover.ManagedThreadId));
    }

    [Fact]
    public void A_callback_that_throws_stops_no_other()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1, static entry => entry.PostEvictionCallbacks.Insert(
            0, new PostEvictionCallbackRegistration
            {
                EvictionCallback = static (_, _, _, _) => throw new InvalidTimeZoneException(),
            }));
        test.Cache.Remove("key");

        Assert.Single(test.TakeDepartures());
    }

    [Fact]
    public void A_registration_without_a_callback_is_harmless()
    {
        using var test = new CacheUnderTest();
        test.Set(
            "key", 1, static entry => entry.PostEvictionCallbacks.Insert(0, new PostEvictionCallbackRegistration()));
        test.Cache.Remove("key");

        Assert.Single(test.TakeDepartures());
    }

    [Fact]
    public void A_callback_may_use_the_cache_and_shrink_it()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(10);
        test.Set("key", 1, entry => entry.RegisterPostEvictionCallback((key, value, _, _) =>
        {
            test.Set($"{key} again", value);
            test.Cache.MaxMemory = 5;
        }));
        test.Cache.Remove("key");
        test.TakeDepartures();

        Assert.True(test.Has("key again"));
        Assert.Equal(5, test.Cache.MaxMemory);
    }

    [Fact]
    public void Disposing_the_cache_runs_no_callbacks()
    {
        var test = new CacheUnderTest();
        test.Set("key", 1);
        test.Dispose();

        Assert.Empty(test.TakeDepartures());
    }
}
