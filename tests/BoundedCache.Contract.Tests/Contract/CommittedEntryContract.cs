using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// An <see cref="ICacheEntry"/> that somebody keeps after it was stored: what it still tells, and what
/// still changes what is cached.
/// </summary>
public abstract class CommittedEntryContract(CacheKind kind) : CacheContract(kind)
{
    [Fact]
    public void It_tells_what_was_said_of_it()
    {
        Setup = new() { SizeLimit = 100 };
        var token = new FakeToken();
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.SetValue("value")
            .SetSize(7)
            .SetPriority(CacheItemPriority.High)
            .SetAbsoluteExpiration(Now + (2 * Minute))
            .SetAbsoluteExpiration(3 * Minute)
            .SetSlidingExpiration(Minute)
            .AddExpirationToken(token)
            .RegisterPostEvictionCallback(Departures.Record);
        entry.Dispose();

        Assert.Equal(
            ("key", "value", 7L, CacheItemPriority.High), (entry.Key, entry.Value, entry.Size, entry.Priority));
        Assert.Equal(
            (Now + (2 * Minute), 3 * Minute, Minute),
            (entry.AbsoluteExpiration, entry.AbsoluteExpirationRelativeToNow, entry.SlidingExpiration));
        Assert.Same(token, Assert.Single(entry.ExpirationTokens));
        Assert.Single(entry.PostEvictionCallbacks);

        Cache.Remove("key");
        Departures.TakeOne();
        Assert.Equal(("key", "value", 7L), (entry.Key, entry.Value, entry.Size));
    }

    [Fact]
    public void A_callback_that_is_registered_later_runs_once()
    {
        ICacheEntry entry = Commit();
        entry.RegisterPostEvictionCallback(Departures.Record);
        Cache.Remove("key");

        Assert.Equal(new Departure("key", 1, EvictionReason.Removed), Departures.TakeOne());
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_list_of_callbacks_that_was_fetched_before_can_be_changed_later()
    {
        ICacheEntry entry = Cache.CreateEntry("key");
        IList<PostEvictionCallbackRegistration> callbacks = entry.PostEvictionCallbacks;
        string[] names = ["a", "b", "c", "d"];
        PostEvictionCallbackRegistration[] all = [.. names.Select(name =>
            new PostEvictionCallbackRegistration { EvictionCallback = Departures.Record, State = name })];
        callbacks.Add(all[0]);
        entry.SetValue(1).Dispose();

        callbacks.Add(all[1]);
        callbacks.Insert(0, all[2]);
        callbacks.Remove(all[0]);
        callbacks[1] = all[3];
        Assert.Equal([all[2], all[3]], callbacks);
        Assert.Equal((2, false, 1), (callbacks.Count, callbacks.Contains(all[0]), callbacks.IndexOf(all[3])));
        Cache.Remove("key");

        Assert.Equal(["c", "d"], Departures.TakeInOrder(2).Select(static departure => departure.State));
        Departures.AssertNoMore();
    }

    [Fact]
    public void Callbacks_that_are_cleared_later_do_not_run()
    {
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.SetValue(1).RegisterPostEvictionCallback(Departures.Record).Dispose();
        entry.PostEvictionCallbacks.Clear();
        Cache.Remove("key");

        Departures.AssertNoMore();
    }

    [Fact]
    public void A_token_that_is_added_later_ends_the_entry()
    {
        ICacheEntry entry = Commit();
        var token = new FakeToken();
        entry.AddExpirationToken(token);

        Assert.Equal(
            Differs(Deviations.LateTokensAreSubscribed, memoryCache: 0, bounded: 1), token.Registrations);
        Assert.True(Has("key"));
        token.Change();
        Assert.False(Has("key"));
    }

    [Fact]
    public void A_token_that_has_changed_when_it_is_added_later_ends_the_entry_at_once()
    {
        Commit().RegisterPostEvictionCallback(Departures.Record)
            .AddExpirationToken(new FakeToken { HasChanged = true, ActiveChangeCallbacks = false });
        Assert.False(Has("key"));

        Assert.Equal(EvictionReason.TokenExpired, Departures.TakeOne().Reason);
    }

    [Fact]
    public void A_token_that_is_taken_back_later_counts_for_nothing()
    {
        var (first, second, third) = (new FakeToken(), new FakeToken(), new FakeToken());
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.SetValue(1).AddExpirationToken(first).AddExpirationToken(second).Dispose();
        Assert.Equal((1, 1), (first.Subscribed, second.Subscribed));
        entry.ExpirationTokens.Remove(first);
        entry.ExpirationTokens[0] = third;
        second.HasChanged = true;

        Assert.True(Has("key"));
        Assert.Equal(
            Differs(Deviations.LateTokensAreSubscribed, memoryCache: (1, 1, 0), bounded: (0, 0, 1)),
            (first.Subscribed, second.Subscribed, third.Subscribed));
        third.Change();
        Assert.False(Has("key"));
    }

    [Fact]
    public void An_absolute_expiration_that_is_set_later()
    {
        ICacheEntry entry = Commit();
        entry.AbsoluteExpiration = Now + Minute;
        Time.Advance(Minute - TimeSpan.FromTicks(1));
        Assert.True(Has("key"));

        entry.AbsoluteExpiration = Now + Minute;
        Time.Advance(Minute - TimeSpan.FromTicks(1));
        Assert.True(Has("key"));
        Time.Advance(TimeSpan.FromTicks(1));
        Assert.False(Has("key"));
    }

    [Fact]
    public void An_absolute_expiration_that_is_set_later_replaces_a_relative_one()
    {
        ICacheEntry entry = Commit(static entry => entry.SetAbsoluteExpiration(Minute));
        Assert.Equal(Now + Minute, entry.AbsoluteExpiration);
        entry.AbsoluteExpiration = Now + (2 * Minute);
        Time.Advance(Minute);
        Assert.True(Has("key"));
        entry.AbsoluteExpiration = null;
        Time.Advance(100 * Minute);

        Assert.True(Has("key"));
    }

    [Fact]
    public void An_absolute_expiration_in_the_past_expires_the_entry()
    {
        ICacheEntry entry = Commit();
        entry.RegisterPostEvictionCallback(Departures.Record);
        entry.AbsoluteExpiration = Now - Minute;
        Assert.False(Has("key"));

        Assert.Equal(new Departure("key", 1, EvictionReason.Expired), Departures.TakeOne());
    }

    [Fact]
    public void A_relative_expiration_that_is_set_later()
    {
        ICacheEntry entry = Commit();
        Time.Advance(Minute);
        entry.AbsoluteExpirationRelativeToNow = Minute;
        Time.Advance(Minute - TimeSpan.FromTicks(1));
        Assert.True(Has("key"));
        Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(Differs(Deviations.LateExpirationCounts, memoryCache: true, bounded: false), Has("key"));
        Assert.Equal(
            Differs(Deviations.LateExpirationCounts, memoryCache: null, bounded: (DateTimeOffset?)Now),
            entry.AbsoluteExpiration);
    }

    [Fact]
    public void A_sliding_expiration_that_is_set_later()
    {
        ICacheEntry entry = Commit();
        entry.SlidingExpiration = Minute;
        Time.Advance(Minute / 2);
        Assert.True(Has("key"));
        Time.Advance(Minute - TimeSpan.FromTicks(1));
        Assert.True(Has("key"));
        Time.Advance(Minute);

        Assert.False(Has("key"));
    }

    [Fact]
    public void A_sliding_expiration_that_begins_later()
    {
        ICacheEntry entry = Commit();
        Time.Advance(Minute / 2);
        entry.SlidingExpiration = Minute;
        Time.Advance(Minute / 2);

        Assert.Equal(Differs(Deviations.LateExpirationCounts, memoryCache: false, bounded: true), Has("key"));
    }

    [Fact]
    public void A_sliding_expiration_that_is_changed_later_counts_from_the_last_use()
    {
        ICacheEntry entry = Commit(static entry => entry.SetSlidingExpiration(Minute));
        Time.Advance(Minute / 2);
        Assert.True(Has("key"));
        Time.Advance(Minute / 2);
        entry.SlidingExpiration = 2 * Minute;
        Time.Advance(1.5 * Minute - TimeSpan.FromTicks(1));
        Assert.Contains("key", Tested.Keys);
        Time.Advance(TimeSpan.FromTicks(1));
        Assert.False(Has("key"));
    }

    [Fact]
    public void A_sliding_expiration_that_is_taken_back_later()
    {
        Commit(static entry => entry.SetSlidingExpiration(Minute)).SlidingExpiration = null;
        Time.Advance(Minute);

        Assert.True(Has("key"));
    }

    [Fact]
    public void A_priority_that_is_raised_later_holds()
    {
        Commit().Priority = CacheItemPriority.NeverRemove;
        Tested.Compact(1);
        Assert.True(Has("key"));
    }

    [Fact]
    public void A_value_that_is_set_later()
    {
        Commit().Value = 2;

        Assert.Equal(Differs(Deviations.FrozenAtCommit, memoryCache: 2, bounded: 1), Cache.Get("key"));
    }

    [Fact]
    public void A_new_entry_with_the_same_key_and_value_and_settings_of_its_own()
    {
        object value = new();
        ICacheEntry old = Commit(entry => entry.SetValue(value));
        Cache.Set("key", value, Minute);
        old.Priority = CacheItemPriority.High;
        old.AbsoluteExpiration = Now + (2 * Minute);
        old.AddExpirationToken(new CancellationChangeToken(new CancellationToken(canceled: true)));
        Assert.True(Has("key"));
        Time.Advance(Minute);

        Assert.False(Has("key"));
    }

    [Fact]
    public void A_new_entry_with_the_same_key_value_and_settings()
    {
        object value = new();
        ICacheEntry old = Commit(entry => entry.SetValue(value));
        Cache.Set("key", value);
        old.AbsoluteExpiration = Now;

        Assert.Equal(Differs(Deviations.SameObjectsAreOneEntry, memoryCache: true, bounded: false), Has("key"));
    }

    public static TheoryData<string> Ends => [.. s_ends.Keys];

    private static readonly Dictionary<string, Action<CommittedEntryContract>> s_ends = new()
    {
        ["removed"] = static test => test.Cache.Remove("key"),
        ["removed and stored anew"] = static test =>
        {
            test.Cache.Remove("key");
            test.Cache.Set("key", new object());
        },
        ["replaced"] = static test => test.Cache.Set("key", new object()),
        ["cleared"] = static test => test.Tested.Clear(),
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void Settings_of_an_entry_that_left_change_its_builder_and_nothing_else(string end)
    {
        ICacheEntry entry = Commit(entry => entry.RegisterPostEvictionCallback(Departures.Record));
        s_ends[end](this);
        Departures.TakeOne();
        bool has = Has("key");
        var token = new FakeToken { HasChanged = true };
        entry.SetPriority(CacheItemPriority.NeverRemove)
            .SetSlidingExpiration(Minute)
            .RegisterPostEvictionCallback(Departures.Record)
            .AddExpirationToken(token)
            .SetAbsoluteExpiration(Minute)
            .SetAbsoluteExpiration(Now);

        Assert.Equal((has, 0), (Has("key"), token.Registrations));
        Assert.Equal((Now, Minute), (entry.AbsoluteExpiration, entry.SlidingExpiration));
        Assert.Same(token, Assert.Single(entry.ExpirationTokens));
        Tested.Compact(1);
        Assert.Equal(0, Tested.Count);
        Departures.AssertNoMore();
    }

    [Fact]
    public void Settings_after_the_cache_is_disposed_throw_nothing()
    {
        ICacheEntry entry = Commit();
        Cache.Dispose();
        entry.SetPriority(CacheItemPriority.Low)
            .SetSlidingExpiration(Minute)
            .SetAbsoluteExpiration(Minute)
            .SetAbsoluteExpiration(Now)
            .RegisterPostEvictionCallback(Departures.Record)
            .AddExpirationToken(new FakeToken());

        Assert.Equal((1, Minute), (entry.Value, entry.SlidingExpiration));
    }

    [Fact]
    public void A_size_that_is_changed_too_late()
    {
        Setup = new() { SizeLimit = 100 };
        Commit().Size = 1;
        Assert.Equal(10, Tested.Size);
        Cache.Remove("key");

        // MemoryCache takes off what the entry says when it leaves, and not what was put on when it came.
        Assert.Equal(Differs(Deviations.FrozenAtCommit, memoryCache: 9L, bounded: 0L), Tested.Size);
    }

    [Fact]
    public void What_is_refused_of_an_entry_is_refused_of_a_stored_one_too()
    {
        ICacheEntry entry = Commit();

        Assert.Throws<ArgumentOutOfRangeException>("value", () => entry.Size = -1);
        Assert.Throws<ArgumentOutOfRangeException>("SlidingExpiration", () => entry.SlidingExpiration = TimeSpan.Zero);
        Assert.Throws<ArgumentOutOfRangeException>(
            "AbsoluteExpirationRelativeToNow", () => entry.AbsoluteExpirationRelativeToNow = TimeSpan.Zero);
        Assert.True(Has("key"));
    }

    private ICacheEntry Commit(Action<ICacheEntry>? describe = null)
    {
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.SetValue(1).SetSize(10);
        describe?.Invoke(entry);
        entry.Dispose();
        return entry;
    }

    public sealed class OnMemoryCache() : CommittedEntryContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : CommittedEntryContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : CommittedEntryContract(CacheKind.ScanResistant);
}
