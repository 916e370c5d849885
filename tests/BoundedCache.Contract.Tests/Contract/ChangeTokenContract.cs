using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Contract.Tests;

/// <summary>Change tokens: those that announce changes, and those that have to be asked.</summary>
public abstract class ChangeTokenContract(CacheKind kind) : CacheContract(kind)
{
    [Fact]
    public void An_active_token_ends_its_entry_though_nobody_asks_for_it()
    {
        var token = new FakeToken();
        Set("key", 1, entry => entry.AddExpirationToken(token));
        token.Change();

        Assert.Equal(new Departure("key", 1, EvictionReason.TokenExpired), Departures.TakeOne());
        Assert.Equal(0, Tested.Count);
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_changed_token_is_a_miss_at_once()
    {
        using var source = new CancellationTokenSource();
        Set("key", 1, entry => entry.AddExpirationToken(new CancellationChangeToken(source.Token)));
        Assert.True(Has("key"));
        source.Cancel();

        Assert.False(Has("key"));
        Assert.Equal(EvictionReason.TokenExpired, Departures.TakeOne().Reason);
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_passive_token_is_asked_by_readers_and_never_subscribed_to()
    {
        var token = new FakeToken { ActiveChangeCallbacks = false };
        Set("key", 1, entry => entry.AddExpirationToken(token));
        Assert.True(Has("key"));
        token.Change();
        Assert.Equal(1, Tested.Count);

        Assert.False(Has("key"));
        Assert.Equal(0, Tested.Count);
        Assert.Equal(0, token.Registrations);
        Assert.Equal(new Departure("key", 1, EvictionReason.TokenExpired), Departures.TakeOne());
        Departures.AssertNoMore();
    }

    [Fact]
    public void An_active_token_that_does_not_announce_its_change_is_asked_as_well()
    {
        var token = new FakeToken();
        Set("key", 1, entry => entry.AddExpirationToken(token));
        token.HasChanged = true;

        Assert.False(Has("key"));
        Assert.Equal(0, token.Subscribed);
    }

    [Fact]
    public void Any_of_several_tokens_ends_the_entry_and_all_are_let_go()
    {
        FakeToken[] tokens = [new(), new(), new()];
        Set("key", 1, entry => Array.ForEach(tokens, token => entry.AddExpirationToken(token)));
        Assert.All(tokens, static token => Assert.Equal(1, token.Subscribed));
        tokens[1].Change();

        Departures.TakeOne();
        Assert.All(tokens, static token => Assert.Equal(0, token.Subscribed));
        tokens[2].Change();
        Departures.AssertNoMore();
    }

    [Fact]
    public void The_same_token_twice_ends_the_entry_once()
    {
        var token = new FakeToken();
        Set("key", 1, entry => entry.AddExpirationToken(token).AddExpirationToken(token));
        token.Change();

        Departures.TakeOne();
        Departures.AssertNoMore();
        Assert.Equal(0, token.Subscribed);
    }

    [Fact]
    public void One_token_ends_all_its_entries()
    {
        var token = new FakeToken();
        for (int i = 0; i < 20; i++)
        {
            Set(i, i, entry => entry.AddExpirationToken(token));
        }

        Set("other", 1);
        token.Change();

        Assert.All(
            Departures.Take(20), static departure => Assert.Equal(EvictionReason.TokenExpired, departure.Reason));
        Assert.Equal(["other"], Tested.Keys);
    }

    [Fact]
    public void Tokens_are_subscribed_to_at_the_commit_and_not_before()
    {
        var token = new FakeToken();
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.Value = 1;
        entry.AddExpirationToken(token);
        Assert.Equal(0, token.Registrations);

        entry.Dispose();
        Assert.Equal(1, token.Registrations);
        Has("key");
        Assert.Equal(1, token.Registrations);
    }

    [Fact]
    public void A_token_that_was_taken_back_before_the_commit_counts_for_nothing()
    {
        var token = new FakeToken { HasChanged = true };
        Set("key", 1, entry =>
        {
            entry.AddExpirationToken(token);
            entry.ExpirationTokens.Clear();
        });

        Assert.True(Has("key"));
    }

    public static TheoryData<string> Ends => [.. s_ends.Keys];

    private static readonly Dictionary<string, Action<ChangeTokenContract>> s_ends = new()
    {
        ["a removal"] = static test => test.Cache.Remove("key"),
        ["a replacement"] = static test => test.Set("key", 2),
        ["Clear"] = static test => test.Tested.Clear(),
        ["Compact"] = static test => test.Tested.Compact(1),
        ["an expiration"] = static test =>
        {
            test.Time.Advance(Minute);
            Assert.False(test.Has("key"));
        },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void A_token_is_let_go_with_its_entry_whatever_ends_it(string end)
    {
        var token = new FakeToken();
        Set("key", 1, entry => entry.AddExpirationToken(token).SetAbsoluteExpiration(Minute));
        s_ends[end](this);

        Assert.Equal(0, token.Subscribed);
        Assert.NotEqual(EvictionReason.TokenExpired, Departures.TakeOne().Reason);
        token.Change();
        Departures.AssertNoMore();
    }

    [Fact]
    public void NeverRemove_does_not_keep_an_entry_from_its_token()
    {
        var token = new FakeToken();
        Set("key", 1, entry => entry.AddExpirationToken(token).SetPriority(CacheItemPriority.NeverRemove));
        token.Change();

        Assert.Equal(EvictionReason.TokenExpired, Departures.TakeOne().Reason);
    }

    [Fact]
    public void The_owner_of_a_token_may_hold_what_a_callback_waits_for()
    {
        using var gate = new SemaphoreSlim(0, 1);
        var token = new FakeToken();
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.SetValue(1).AddExpirationToken(token).RegisterPostEvictionCallback((key, value, reason, _) =>
                Departures.Record(key, value, reason, gate.Wait(TimeSpan.FromSeconds(60))));
        }

        token.Change();
        Assert.False(Has("key"));
        gate.Release();

        Assert.Equal(new Departure("key", 1, EvictionReason.TokenExpired, true), Departures.TakeOne());
    }

    [Fact]
    public void What_a_token_throws_when_it_is_asked_reaches_the_reader_and_the_entry_stays()
    {
        var token = new FakeToken();
        Set("key", 1, entry => entry.AddExpirationToken(token));
        token.OnAsk = static () => throw new InvalidTimeZoneException();
        Assert.Throws<InvalidTimeZoneException>(() => Has("key"));

        token.OnAsk = null;
        Assert.True(Has("key"));
    }

    [Fact]
    public void What_a_token_throws_at_the_commit_reaches_the_writer_and_nothing_is_stored()
    {
        Set("key", "old");
        var token = new FakeToken { OnAsk = static () => throw new InvalidTimeZoneException() };

        Assert.Throws<InvalidTimeZoneException>(() => Set("key", "new", entry => entry.AddExpirationToken(token)));
        Assert.Equal("old", Cache.Get("key"));
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_token_that_cannot_be_subscribed_to()
    {
        var token = new FakeToken { OnRegister = static () => throw new InvalidTimeZoneException() };

        Assert.Throws<InvalidTimeZoneException>(() => Set("key", 1, entry => entry.AddExpirationToken(token)));
        Assert.Equal(Differs(Deviations.FailingSubscription, memoryCache: true, bounded: false), Has("key"));
    }

    public sealed class OnMemoryCache() : ChangeTokenContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : ChangeTokenContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : ChangeTokenContract(CacheKind.ScanResistant);
}
