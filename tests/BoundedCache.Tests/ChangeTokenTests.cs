using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests;

public sealed class ChangeTokenTests
{
    [Fact]
    public void A_token_that_announces_its_change_removes_the_entry_by_itself()
    {
        using var test = new CacheUnderTest();
        using var source = new CancellationTokenSource();
        using var removed = new ManualResetEventSlim();
        test.Set("key", 1, entry => entry
            .AddExpirationToken(new CancellationChangeToken(source.Token))
            .RegisterPostEvictionCallback((_, _, _, _) => removed.Set()));
        Assert.True(test.Has("key"));

        source.Cancel();

        Assert.True(removed.Wait(TimeSpan.FromSeconds(30)));
        Assert.Equal(0, test.Cache.Count);
        Assert.Equal([("key", 1, EvictionReason.TokenExpired)], test.TakeDepartures(awaited: 1));
    }

    [Fact]
    public void A_reader_never_gets_a_value_whose_token_has_changed()
    {
        using var test = new CacheUnderTest();
        using var source = new CancellationTokenSource();
        test.Set("key", 1, entry => entry.AddExpirationToken(new CancellationChangeToken(source.Token)));

        source.Cancel();

        Assert.False(test.Has("key"));
    }

    [Fact]
    public void A_passive_token_is_asked_by_readers()
    {
        using var test = new CacheUnderTest();
        var token = new PassiveToken();
        test.Set("key", 1, entry => entry.AddExpirationToken(token));
        Assert.True(test.Has("key"));

        token.HasChanged = true;

        Assert.False(test.Has("key"));
        Assert.Equal([("key", 1, EvictionReason.TokenExpired)], test.TakeDepartures());
    }

    [Fact]
    public void A_passive_token_is_asked_by_the_scan()
    {
        using var test = new CacheUnderTest();
        var token = new PassiveToken();
        test.Set("key", 1, entry => entry.AddExpirationToken(token));
        token.HasChanged = true;

        test.Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(0, test.Cache.Count);
        Assert.Equal([("key", 1, EvictionReason.TokenExpired)], test.TakeDepartures());
    }

    [Fact]
    public void An_entry_whose_token_has_changed_already_is_not_stored()
    {
        using var test = new CacheUnderTest();
        test.Set("active", 1, static entry =>
            entry.AddExpirationToken(new CancellationChangeToken(new CancellationToken(canceled: true))));
        test.Set("passive", 2, static entry => entry.AddExpirationToken(new PassiveToken { HasChanged = true }));

        Assert.Equal(0, test.Cache.Count);
        Assert.Equal(
            [("active", 1, EvictionReason.TokenExpired), ("passive", 2, EvictionReason.TokenExpired)],
            test.TakeDepartures(awaited: 2));
    }

    [Fact]
    public void The_first_of_several_tokens_to_change_counts_and_the_callback_runs_once()
    {
        using var test = new CacheUnderTest();
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        test.Set("key", 1, entry => entry
            .AddExpirationToken(new CancellationChangeToken(first.Token))
            .AddExpirationToken(new CancellationChangeToken(second.Token)));

        second.Cancel();
        first.Cancel();

        Assert.False(test.Has("key"));
        Assert.Single(test.TakeDepartures(awaited: 1));
    }

    [Fact]
    public void The_token_of_an_entry_that_was_replaced_does_not_remove_the_new_one()
    {
        using var test = new CacheUnderTest();
        var token = new ManualToken();
        test.Set("key", 1, entry => entry.AddExpirationToken(token));
        test.Set("key", 2);
        Assert.Equal(0, token.Registrations);

        token.Fire();

        Assert.True(test.Has("key"));
        Assert.Equal([("key", 1, EvictionReason.Replaced)], test.TakeDepartures());
    }

    [Fact]
    public void Tokens_are_let_go_whichever_way_an_entry_leaves()
    {
        var token = new ManualToken();
        using (CacheUnderTest test = CacheUnderTest.OfEntries(3))
        {
            test.Set("removed", 1, entry => entry.AddExpirationToken(token));
            test.Set("replaced", 2, entry => entry.AddExpirationToken(token));
            test.Set("evicted", 3, entry => entry.AddExpirationToken(token));
            Assert.Equal(3, token.Registrations);
            test.Set("refused", 4, entry => entry.AddExpirationToken(token).Size = 9);
            test.Cache.Remove("removed");
            test.Set("replaced", 5);
            test.Set("other", 6, static entry => entry.Size = 2);
            Assert.Equal(0, token.Registrations);
            test.Set("disposed", 7, entry => entry.AddExpirationToken(token));
        }

        Assert.Equal(0, token.Registrations);
    }

    private sealed class PassiveToken : IChangeToken
    {
        public bool HasChanged { get; set; }

        public bool ActiveChangeCallbacks => false;

        public IDisposable RegisterChangeCallback(Action<object?> callback, object? state) =>
            throw new NotSupportedException("A token without active callbacks is not to be subscribed to.");
    }

    private sealed class ManualToken : IChangeToken
    {
        private readonly List<Registration> _registrations = [];

        public bool HasChanged => false;

        public bool ActiveChangeCallbacks => true;

        public int Registrations => _registrations.Count;

        public IDisposable RegisterChangeCallback(Action<object?> callback, object? state)
        {
            var registration = new Registration(this, callback, state);
            _registrations.Add(registration);
            return registration;
        }

        public void Fire() =>
            _registrations.ToList().ForEach(static registration => registration.Callback(registration.State));

        private sealed record Registration(ManualToken Owner, Action<object?> Callback, object? State) : IDisposable
        {
            public void Dispose() => Owner._registrations.Remove(this);
        }
    }
}
