using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>Eviction callbacks: where, when, how often, and what becomes of those that fail.</summary>
public abstract class CallbackContract(CacheKind kind) : CacheContract(kind)
{
    private static readonly AsyncLocal<string?> s_ambient = new();

    [Fact]
    public void A_callback_is_told_key_value_reason_and_state()
    {
        object state = new();
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.SetValue("value").RegisterPostEvictionCallback(Departures.Record, state);
        }

        Cache.Remove("key");

        Departure departure = Departures.TakeOne();
        Assert.Equal(new Departure("key", "value", EvictionReason.Removed, state), departure);
        Assert.Same(state, departure.State);
    }

    [Fact]
    public void A_callback_gets_the_entrys_own_key_and_not_the_removers()
    {
        string own = new('k', 3);
        Set(own, 1);
        Cache.Remove(new string('k', 3));

        Assert.Same(own, Departures.TakeOne().Key);
    }

    [Fact]
    public void A_callback_runs_on_a_thread_of_the_pool_and_not_on_the_removers()
    {
        using var sent = new Message<(int Thread, bool IsPool, TaskScheduler Scheduler)>();
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.SetValue(1).RegisterPostEvictionCallback((_, _, _, _) =>
                sent.Send((
                    Environment.CurrentManagedThreadId,
                    Thread.CurrentThread.IsThreadPoolThread,
                    TaskScheduler.Current)));
        }

        Cache.Remove("key");

        (int thread, bool isPool, TaskScheduler scheduler) = sent.Receive();
        Assert.NotEqual(Environment.CurrentManagedThreadId, thread);
        Assert.True(isPool);
        Assert.Same(TaskScheduler.Default, scheduler);
    }

    [Fact]
    public void A_callback_runs_in_the_flow_of_whoever_removed_the_entry()
    {
        using var sent = new Message<string?>();
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.SetValue(1).RegisterPostEvictionCallback((_, _, _, _) => sent.Send(s_ambient.Value));
        }

        s_ambient.Value = "the remover's";
        Cache.Remove("key");

        Assert.Equal("the remover's", sent.Receive());
    }

    [Fact]
    public void A_callback_for_a_token_runs_in_the_flow_of_whoever_changed_it()
    {
        using var sent = new Message<string?>();
        var token = new FakeToken();
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.SetValue(1)
                .AddExpirationToken(token)
                .RegisterPostEvictionCallback((_, _, _, _) => sent.Send(s_ambient.Value));
        }

        s_ambient.Value = "the changer's";
        token.Change();

        Assert.Equal("the changer's", sent.Receive());
    }

    [Fact]
    public void The_remover_waits_for_no_callback()
    {
        using var release = new ManualResetEventSlim();
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.SetValue(1).RegisterPostEvictionCallback((key, value, reason, state) =>
            {
                bool released = release.Wait(TimeSpan.FromSeconds(60));
                Departures.Record(key, value, reason, released);
            });
        }

        Cache.Remove("key");
        Assert.False(Has("key"));
        release.Set();
        Assert.Equal(true, Departures.TakeOne().State);
    }

    [Fact]
    public void Callbacks_of_an_entry_run_in_the_order_in_which_they_were_registered()
    {
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.Value = 1;
            for (int i = 0; i < 50; i++)
            {
                entry.RegisterPostEvictionCallback(Departures.Record, i);
            }
        }

        Cache.Remove("key");

        Assert.Equal(
            Enumerable.Range(0, 50), Departures.TakeInOrder(50).Select(static departure => (int)departure.State!));
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_callback_that_throws_is_logged_and_stops_no_other()
    {
        var failure = new InvalidTimeZoneException();
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.SetValue(1)
                .RegisterPostEvictionCallback(Departures.Record, "before")
                .RegisterPostEvictionCallback((_, _, _, _) => throw failure)
                .RegisterPostEvictionCallback(Departures.Record, "after");
        }

        Cache.Remove("key");

        Assert.Equal(["before", "after"], Departures.TakeInOrder(2).Select(static departure => departure.State));
        Assert.Same(failure, Assert.Single(Log.Errors));
    }

    [Fact]
    public void A_registration_that_is_null_or_has_no_callback_stops_no_other()
    {
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.Value = 1;
            entry.PostEvictionCallbacks.Add(null!);
            entry.PostEvictionCallbacks.Add(new PostEvictionCallbackRegistration());
            entry.RegisterPostEvictionCallback(Departures.Record);
        }

        Cache.Remove("key");

        Departures.TakeOne();
        Assert.IsType<NullReferenceException>(Assert.Single(Log.Errors));
    }

    public static TheoryData<string, EvictionReason> Ends => new()
    {
        { "Remove", EvictionReason.Removed },
        { "Clear", EvictionReason.Removed },
        { "Compact", EvictionReason.Capacity },
        { "Set", EvictionReason.Replaced },
        { "time", EvictionReason.Expired },
        { "a token", EvictionReason.TokenExpired },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void A_callback_runs_once_with_the_reason_for_which_the_entry_left(string end, EvictionReason reason)
    {
        var token = new FakeToken();
        Set("key", 1, entry => entry.SetAbsoluteExpiration(Minute).AddExpirationToken(token));
        switch (end)
        {
            case "Remove":
                Cache.Remove("key");
                break;
            case "Clear":
                Tested.Clear();
                break;
            case "Compact":
                Tested.Compact(1);
                break;
            case "Set":
                Cache.Set("key", 2);
                break;
            case "time":
                Time.Advance(Minute);
                break;
            default:
                token.Change();
                break;
        }

        // Everything that could find the entry once more.
        Has("key");
        Cache.Remove("key");
        Tested.Compact(1);
        Tested.Clear();
        token.Change();

        Assert.Equal(new Departure("key", 1, reason), Departures.TakeOne());
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_callback_finds_its_entry_gone_and_may_use_the_cache()
    {
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.SetValue(1).RegisterPostEvictionCallback((key, value, reason, state) =>
            {
                Assert.False(Has(key));
                Cache.Set("again", value);
                Departures.Record(key, value, reason, state);
            });
        }

        Cache.Remove("key");

        Departures.TakeOne();
        Assert.Equal(1, Cache.Get("again"));
        Assert.Empty(Log.Errors);
    }

    [Fact]
    public void A_value_is_its_owners_to_dispose()
    {
        var value = new MemoryStream();
        Cache.Set("replaced", value);
        Cache.Set("replaced", 1);
        Cache.Set("removed", value);
        Cache.Remove("removed");
        Cache.Set("left", value);
        Cache.Dispose();

        Assert.True(value.CanRead);
    }

    [Fact]
    public void A_callback_of_an_entry_that_was_never_stored_has_its_state_too()
    {
        Setup = new() { SizeLimit = 10 };
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.SetValue("value").SetSize(11).RegisterPostEvictionCallback(Departures.Record, "state");
        }

        Assert.Equal(new Departure("key", "value", EvictionReason.Capacity, "state"), Departures.TakeOne());
    }

    [Fact]
    public void A_callback_that_blocks_holds_up_no_reader_and_no_writer()
    {
        using var release = new ManualResetEventSlim();
        using var started = new Message<bool>();
        Set("key", 1, entry => entry.RegisterPostEvictionCallback((_, _, _, _) =>
        {
            started.Send(true);
            release.Wait(TimeSpan.FromSeconds(30));
        }));
        Cache.Remove("key");
        started.Receive();

        Set("key", 2);
        Assert.Equal(2, Cache.Get("key"));
        Tested.Compact(1);
        Assert.Equal(0, Tested.Count);
        release.Set();
        Departures.TakeInOrder(2);
    }

    [Fact]
    public void Callbacks_of_many_entries_each_run_once()
    {
        for (int i = 0; i < 1000; i++)
        {
            Set(i, i);
        }

        Parallel.For(0, 1000, i => Cache.Remove(i));

        Assert.Equal(
            Enumerable.Range(0, 1000),
            Departures.TakeInOrder(1000).Select(static departure => (int)departure.Key).Order());
        Departures.AssertNoMore();
    }

    public sealed class OnMemoryCache() : CallbackContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : CallbackContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : CallbackContract(CacheKind.ScanResistant);
}
