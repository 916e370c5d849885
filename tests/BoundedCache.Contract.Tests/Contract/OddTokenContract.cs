using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// Change tokens that do what a token may do and few do: call at once, register nothing, throw on the way out, use the
/// cache when they are asked.
/// </summary>
public abstract class OddTokenContract(CacheKind kind) : CacheContract(kind)
{
    [Fact]
    public void A_token_that_calls_back_while_it_is_subscribed_to_ends_the_entry()
    {
        // What a CancellationChangeToken does whose source is cancelled between the question and the subscription.
        var token =
            new OddToken { OnRegister = static (token, callback, state) => token.ChangeAndCall(callback, state) };
        Set("key", 1, entry => entry.AddExpirationToken(token));

        Assert.Equal(new Departure("key", 1, EvictionReason.TokenExpired), Departures.TakeOne());
        Assert.Equal(0, Tested.Count);
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_token_that_calls_back_more_than_once_ends_the_entry_once()
    {
        var token = new OddToken();
        Set("key", 1, entry => entry.AddExpirationToken(token));
        for (int i = 0; i < 5; i++)
        {
            token.Call();
        }

        Assert.Equal(EvictionReason.TokenExpired, Departures.TakeOne().Reason);
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_token_that_calls_back_though_it_says_that_it_has_not_changed_ends_the_entry_all_the_same()
    {
        var token = new OddToken();
        Set("key", 1, entry => entry.AddExpirationToken(token));
        token.Call();

        Assert.Equal(new Departure("key", 1, EvictionReason.TokenExpired), Departures.TakeOne());
        Assert.False(Has("key"));
    }

    [Fact]
    public void A_token_that_calls_back_after_its_entry_was_replaced_leaves_the_new_one_alone()
    {
        var token = new OddToken();
        Set("key", 1, entry => entry.AddExpirationToken(token));
        Set("key", 2);
        token.Call();

        Assert.Equal(new Departure("key", 1, EvictionReason.Replaced), Departures.TakeOne());
        Departures.AssertNoMore();
        Assert.Equal(2, Cache.Get("key"));
    }

    [Fact]
    public void A_registration_that_is_null()
    {
        var token = new OddToken { RegistersNothing = true };
        Set("key", 1, entry => entry.AddExpirationToken(token));
        Assert.True(Has("key"));
        Type? thrown = Thrown(() => Cache.Remove("key"));

        Assert.Equal(
            Differs(Deviations.FailingUnsubscription, memoryCache: typeof(NullReferenceException), bounded: null),
            thrown);
        Assert.False(Has("key"));
        Departures.Take(Differs(Deviations.FailingUnsubscription, memoryCache: 0, bounded: 1));
    }

    [Fact]
    public void A_registration_that_cannot_be_taken_back()
    {
        var failure = new InvalidTimeZoneException();
        var token = new OddToken { OnUnregister = () => throw failure };
        Set("key", 1, entry => entry.AddExpirationToken(token));
        Type? thrown = Thrown(() => Cache.Remove("key"));

        Assert.Equal(
            Differs(Deviations.FailingUnsubscription, memoryCache: typeof(InvalidTimeZoneException), bounded: null),
            thrown);
        Assert.False(Has("key"));
        Departures.Take(Differs(Deviations.FailingUnsubscription, memoryCache: 0, bounded: 1));
        Assert.Equal(Differs(Deviations.FailingUnsubscription, memoryCache: 0, bounded: 1), Log.Errors.Length);
    }

    [Fact]
    public void A_token_that_does_not_know_whether_it_announces_changes()
    {
        var token = new OddToken { OnAskWhetherActive = static () => throw new InvalidTimeZoneException() };

        Assert.Throws<InvalidTimeZoneException>(() => Set("key", 1, entry => entry.AddExpirationToken(token)));
        Assert.Equal(Differs(Deviations.FailingSubscription, memoryCache: true, bounded: false), Has("key"));
    }

    [Fact]
    public void A_token_may_use_the_cache_when_it_is_asked()
    {
        Cache.Set("flag", 1);
        var token = new OddToken();
        Set("key", 1, entry => entry.AddExpirationToken(token));
        token.OnAsk = () => Cache.TryGetValue("flag", out object? flag) && flag is 2;
        Assert.True(Has("key"));
        Cache.Set("flag", 2);

        Assert.False(Has("key"));
        Assert.Equal(EvictionReason.TokenExpired, Departures.TakeOne().Reason);
    }

    [Fact]
    public void A_composite_token_ends_its_entry_when_any_of_its_parts_changes()
    {
        using var source = new CancellationTokenSource();
        var passive = new FakeToken { ActiveChangeCallbacks = false };
        Set("active", 1, entry =>
            entry.AddExpirationToken(new CompositeChangeToken([passive, new CancellationChangeToken(source.Token)])));
        Set("passive", 1, entry => entry.AddExpirationToken(new CompositeChangeToken([passive])));
        source.Cancel();
        Assert.Equal(new Departure("active", 1, EvictionReason.TokenExpired), Departures.TakeOne());
        Assert.True(Has("passive"));

        passive.HasChanged = true;
        Assert.False(Has("passive"));
    }

    public sealed class OnMemoryCache() : OddTokenContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : OddTokenContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : OddTokenContract(CacheKind.ScanResistant);

    /// <summary>
    /// A token whose every step a test can replace. It calls whoever subscribed last, whether or
    /// not they took that back.
    /// </summary>
    private sealed class OddToken : IChangeToken
    {
        private Action? _call;
        private bool _hasChanged;

        public Func<bool>? OnAsk { get; set; }

        public Action? OnAskWhetherActive { get; init; }

        public Action<OddToken, Action<object?>, object?>? OnRegister { get; init; }

        public Action? OnUnregister { get; init; }

        public bool RegistersNothing { get; init; }

        public bool HasChanged => OnAsk?.Invoke() ?? _hasChanged;

        public bool ActiveChangeCallbacks
        {
            get
            {
                OnAskWhetherActive?.Invoke();
                return true;
            }
        }

        public void Call() => _call!();

        public void ChangeAndCall(Action<object?> callback, object? state)
        {
            _hasChanged = true;
            callback(state);
        }

        public IDisposable RegisterChangeCallback(Action<object?> callback, object? state)
        {
            _call = () => callback(state);
            OnRegister?.Invoke(this, callback, state);
            return RegistersNothing ? null! : new Registration(OnUnregister);
        }

        private sealed class Registration(Action? onDispose) : IDisposable
        {
            public void Dispose() => onDispose?.Invoke();
        }
    }
}
