using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Faults;

/// <summary>Change tokens that throw, or fire at the worst moment.</summary>
public class FaultyTokenTests : FaultTest
{
    private readonly List<EvictionReason> _reasons = [];

    [Fact]
    public void HasChanged_that_throws_when_an_entry_is_stored_stores_and_subscribes_nothing()
    {
        var other = new Token();
        Assert.Throws<NotSupportedException>(() => Set("a", more: entry => entry
            .AddExpirationToken(other)
            .AddExpirationToken(new Token { OnAsk = static () => throw new NotSupportedException() })));
        Assert.Equal(0, other.Subscribed);
        CheckHolds(entries: 0, bytes: 0);
    }

    [Fact]
    public void HasChanged_that_throws_when_an_entry_is_read_reaches_the_reader_and_changes_nothing()
    {
        var token = new Token();
        Set("a", more: entry => entry.AddExpirationToken(token));
        token.OnAsk = static () => throw new NotSupportedException();
        Assert.Throws<NotSupportedException>(() => Cache.TryGetValue("a", out _));
        CheckHolds(entries: 1, bytes: 10);
        token.OnAsk = null;
        Assert.True(Cache.TryGetValue("a", out _));
    }

    [Fact]
    public void HasChanged_that_throws_in_the_scan_is_logged_and_other_entries_expire()
    {
        var token = new Token { Polled = true };
        var changed = new Token { Polled = true };
        Set("a", more: entry => entry.AddExpirationToken(token));
        Set("b", more: entry => entry.AddExpirationToken(changed));
        Set("c", more: static entry => entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(1));
        token.OnAsk = static () => throw new NotSupportedException();
        changed.Fire();
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["a"], Cache.Keys);
        Assert.Equal(1, Loggers.Count("TokenFailed"));
        CheckHolds(entries: 1, bytes: 10);
    }

    [Fact]
    public void Registering_that_throws_stores_nothing_and_leaves_nothing_subscribed()
    {
        var first = new Token { OnDispose = static () => throw new InvalidOperationException() };
        var second = new Token();
        var third = new Token { OnRegister = static () => throw new NotSupportedException() };
        Set("a");

        // The exception of the registration, not the one that undoing the other registrations throws then.
        Assert.Throws<NotSupportedException>(() => Set("a", 20, entry => entry
            .AddExpirationToken(first).AddExpirationToken(second).AddExpirationToken(third)));

        Assert.Equal((0, 0, 0), (first.Subscribed, second.Subscribed, third.Subscribed));
        CheckHolds(entries: 1, bytes: 10);
    }

    [Fact]
    public void A_token_that_fires_while_it_is_registered_with_leaves_no_entry_behind()
    {
        var token = new Token();
        token.OnRegister = token.Fire;
        using var gone = new ManualResetEventSlim();
        Set("a", more: entry => Watch(entry, gone).AddExpirationToken(token));
        Assert.True(gone.Wait(Patience));
        WaitForCallbacks();
        Assert.Equal([EvictionReason.TokenExpired], _reasons);
        Assert.Equal(0, token.Subscribed);
        CheckHolds(entries: 0, bytes: 0);
    }

    [Fact]
    public void A_token_that_fires_while_its_entry_is_replaced_ends_one_entry_once()
    {
        for (int round = 0; round < 300; round++)
        {
            _reasons.Clear();
            var token = new Token();
            using var gone = new ManualResetEventSlim();
            Set("a", more: entry => Watch(entry, gone).AddExpirationToken(token));
            using var both = new Barrier(2);
            Task firing = Task.Run(() =>
            {
                both.SignalAndWait();
                token.Fire();
            });
            both.SignalAndWait();
            Set("a", 20);
            Await(firing);

            // The removal that the token caused runs on the pool, and may not have queued its callback yet.
            Assert.True(gone.Wait(Patience));
            WaitForCallbacks();
            Assert.Single(_reasons);
            Assert.Contains(_reasons[0], new[] { EvictionReason.Replaced, EvictionReason.TokenExpired });
            Assert.Equal(0, token.Subscribed);
            CheckHolds(entries: 1, bytes: 20);
        }
    }

    [Theory]
    [InlineData("remove")]
    [InlineData("replace")]
    [InlineData("refuse")]
    [InlineData("dispose")]
    public void A_registration_whose_disposal_throws_is_logged_and_the_others_are_disposed(string how)
    {
        var first = new Token { OnDispose = static () => throw new NotSupportedException() };
        var second = new Token();
        using BoundedMemoryCache cache = MakeCache(Loggers);
        void SetIn(long size, params Token[] tokens)
        {
            using ICacheEntry entry = cache.CreateEntry("a");
            entry.Value = "x";
            entry.Size = size;
            if (tokens.Length > 0)
            {
                Watch(entry);
            }

            Array.ForEach(tokens, token => entry.AddExpirationToken(token));
        }

        SetIn(how == "refuse" ? 2000 : 10, first, second);
        switch (how)
        {
            case "remove":
                cache.Remove("a");
                break;
            case "replace":
                SetIn(10);
                break;
            case "dispose":
                cache.Dispose();
                break;
        }

        Assert.True(cache.WaitForCallbacks(Patience));
        Assert.Equal((0, 0), (first.Subscribed, second.Subscribed));
        Assert.Equal(1, Loggers.Count("TokenFailed"));
        Assert.Equal(how == "dispose" ? 0 : 1, _reasons.Count);
        InvariantChecker.Check(cache.Engine);
    }

    [Fact]
    public void A_token_that_fires_after_its_cache_is_gone_does_nothing()
    {
        var token = new Token();
        BoundedMemoryCache cache = MakeCache(Loggers);
        using (ICacheEntry entry = cache.CreateEntry("a"))
        {
            entry.Value = "x";
            entry.Size = 1;
            entry.AddExpirationToken(token);
        }

        cache.Dispose();
        token.Fire();
        Assert.Equal(0, token.Subscribed);
        InvariantChecker.Check(cache.Engine);
    }

    private ICacheEntry Watch(ICacheEntry entry, ManualResetEventSlim? gone = null) =>
        entry.RegisterPostEvictionCallback((_, _, reason, _) =>
        {
            lock (_reasons)
            {
                _reasons.Add(reason);
            }

            gone?.Set();
        });
}
