using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>An entry that takes another's place.</summary>
public abstract class ReplaceContract(CacheKind kind) : CacheContract(kind)
{
    [Fact]
    public void The_old_entry_leaves_with_the_reason_replaced_and_its_own_value_and_state()
    {
        object state = new();
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.SetValue("old").RegisterPostEvictionCallback(Departures.Record, state);
        }

        Set("key", "new");

        Assert.Equal(new Departure("key", "old", EvictionReason.Replaced, state), Departures.TakeOne());
        Assert.Equal("new", Cache.Get("key"));
        Assert.Equal(1, Tested.Count);
        Departures.AssertNoMore();
    }

    [Fact]
    public void The_old_entrys_callback_finds_the_new_one()
    {
        object? found = null;
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.SetValue("old").RegisterPostEvictionCallback((key, value, reason, state) =>
            {
                found = Cache.Get(key);
                Departures.Record(key, value, reason, state);
            });
        }

        Set("key", "new");

        Departures.TakeOne();
        Assert.Equal("new", found);
    }

    [Fact]
    public void Each_of_a_row_of_replacements_leaves_once()
    {
        for (int i = 0; i < 100; i++)
        {
            Set("key", i);
        }

        Departure[] departures = Departures.TakeInOrder(99);
        Assert.Equal(Enumerable.Range(0, 99), departures.Select(static departure => (int)departure.Value!).Order());
        Assert.All(departures, static departure => Assert.Equal(EvictionReason.Replaced, departure.Reason));
        Departures.AssertNoMore();
    }

    [Fact]
    public void The_new_entry_brings_its_own_expiration_and_priority()
    {
        Set("key", 1, static entry => entry.SetAbsoluteExpiration(Minute).SetPriority(CacheItemPriority.NeverRemove));
        Set("key", 2);
        Time.Advance(Minute);
        Assert.Equal(2, Cache.Get("key"));

        Tested.Compact(1);
        Assert.False(Has("key"));
    }

    [Fact]
    public void A_replaced_entrys_token_is_let_go_and_ends_nothing()
    {
        var token = new FakeToken();
        Set("key", 1, entry => entry.AddExpirationToken(token));
        Assert.Equal(1, token.Subscribed);
        Set("key", 2);
        Assert.Equal(0, token.Subscribed);

        token.Change();

        Assert.Equal(2, Cache.Get("key"));
        Departures.TakeOne();
        Departures.AssertNoMore();
    }

    [Fact]
    public void An_expired_entry_that_nobody_noticed_is_replaced_all_the_same()
    {
        Set("key", 1, static entry => entry.SetAbsoluteExpiration(Minute));
        Time.Advance(Minute);
        Set("key", 2);

        Assert.Equal(new Departure("key", 1, EvictionReason.Replaced), Departures.TakeOne());
        Assert.Equal(2, Cache.Get("key"));
    }

    [Fact]
    public void A_replacement_that_is_expired_already_is_not_stored_and_what_it_replaced_is_gone_too()
    {
        Set("key", "old");
        Set("key", "new", entry => entry.AbsoluteExpiration = Now);

        Assert.Equal(
            [new Departure("key", "new", EvictionReason.Expired), new Departure("key", "old", EvictionReason.Replaced)],
            Departures.Take(2).OrderBy(static departure => departure.Value));
        Assert.False(Has("key"));
        Assert.Equal(0, Tested.Count);
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_replacement_is_a_use()
    {
        Set("a", 1);
        Time.Advance(Minute);
        Set("b", 2);
        Time.Advance(Minute);
        Set("a", 3);

        Tested.Compact(0.5);

        Assert.Equal(["a"], Tested.Keys);
    }

    [Fact]
    public void The_size_counts_the_new_entry_and_no_longer_the_old()
    {
        Setup = new() { SizeLimit = 100 };
        SetSized("key", 30);
        Assert.Equal(30, Tested.Size);
        SetSized("key", 70);
        Assert.Equal(70, Tested.Size);
        SetSized("key", 10);
        Assert.Equal(10, Tested.Size);
        SetSized("key", 100);
        Assert.Equal(100, Tested.Size);

        // The room that the old entry leaves counts for the new one.
        SetSized("key", 99);
        Assert.Equal(99, Tested.Size);
        Assert.Equal(1, Tested.Count);
        Assert.All(
            Departures.TakeInOrder(4), static departure => Assert.Equal(EvictionReason.Replaced, departure.Reason));
    }

    [Fact]
    public void A_replacement_larger_than_the_limit_is_refused_and_what_it_replaced_is_gone_too()
    {
        Setup = new() { SizeLimit = 100 };
        SetSized("other", 10);
        Set("key", "old", static entry => entry.Size = 20);
        Set("key", "new", static entry => entry.Size = 101);

        Assert.Equal(
            [
                new Departure("key", "new", EvictionReason.Capacity),
                new Departure("key", "old", EvictionReason.Replaced),
            ],
            Departures.Take(2).OrderBy(static departure => departure.Value));
        Assert.Equal(10, Tested.Size);
        Assert.Equal(["other"], Tested.Keys);
        Departures.AssertNoMore();
    }

    [Fact]
    public void Equal_keys_are_one_key()
    {
        Set((1, "a"), "old");
        Set((1, "a"), "new");

        Assert.Equal(1, Tested.Count);
        Assert.Equal("new", Cache.Get((1, "a")));
    }

    [Fact]
    public void Of_equal_keys_one_object_is_kept()
    {
        var (first, second) = (new string('k', 3), new string('k', 3));
        Set(first, 1);
        Set(second, 2);

        Assert.Same(Kept(), Assert.Single(Tested.Keys));

        string Kept() =>
            Differs(Deviations.KeyOfLastWriter, memoryCache: new Same(first), bounded: new Same(second)).Text;
    }

    public sealed class OnMemoryCache() : ReplaceContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : ReplaceContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : ReplaceContract(CacheKind.ScanResistant);

    /// <summary>A string that equals only itself.</summary>
    private sealed class Same(string text)
    {
        public string Text { get; } = text;
    }
}
