using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>Entries that are expired before they are stored: they never are, and are told so.</summary>
public abstract class ExpiredAtCommitContract(CacheKind kind) : CacheContract(kind)
{
    public static TheoryData<int> MinutesAgo => [0, 1, 1_000_000];

    [Theory]
    [MemberData(nameof(MinutesAgo))]
    public void An_absolute_expiration_that_is_over(int minutes)
    {
        Set("key", 1, entry => entry.AbsoluteExpiration = Now - (minutes * Minute));

        AssertNeverStored(EvictionReason.Expired);
    }

    [Fact]
    public void The_first_date_there_is()
    {
        Set("key", 1, static entry => entry.AbsoluteExpiration = DateTimeOffset.MinValue);

        AssertNeverStored(EvictionReason.Expired);
    }

    [Fact]
    public void An_absolute_expiration_that_is_over_whatever_the_others_say()
    {
        Set("key", 1, entry =>
        {
            entry.AbsoluteExpiration = Now;
            entry.AbsoluteExpirationRelativeToNow = Minute;
            entry.SlidingExpiration = Minute;
        });

        AssertNeverStored(EvictionReason.Expired);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_token_that_has_changed(bool active)
    {
        var token = new FakeToken { ActiveChangeCallbacks = active, HasChanged = true };
        Set("key", 1, entry => entry.AddExpirationToken(token));

        AssertNeverStored(EvictionReason.TokenExpired);
        Assert.Equal(0, token.Registrations);
    }

    [Fact]
    public void One_changed_token_among_others_that_have_not()
    {
        FakeToken[] tokens = [new(), new() { HasChanged = true }, new()];
        Set("key", 1, entry => Array.ForEach(tokens, token => entry.AddExpirationToken(token)));

        AssertNeverStored(EvictionReason.TokenExpired);
        Assert.All(tokens, static token => Assert.Equal(0, token.Registrations));
    }

    [Fact]
    public void Time_is_asked_before_tokens()
    {
        Set("key", 1, entry =>
        {
            entry.AddExpirationToken(new FakeToken { HasChanged = true });
            entry.AbsoluteExpiration = Now;
        });

        AssertNeverStored(EvictionReason.Expired);
    }

    [Fact]
    public void A_token_that_changes_as_it_is_subscribed_to_ends_the_entry()
    {
        var token = new FakeToken();
        token.OnRegister = () => token.HasChanged = true;
        Set("key", 1, entry => entry.AddExpirationToken(token));

        Assert.False(Has("key"));
        Assert.Equal(new Departure("key", 1, EvictionReason.TokenExpired), Departures.TakeOne());
        Departures.AssertNoMore();
    }

    [Fact]
    public void It_costs_nothing_of_the_limit()
    {
        Setup = new() { SizeLimit = 10 };
        SetSized("other", 10);
        SetSized("key", 10, entry => entry.AbsoluteExpiration = Now);

        Assert.Equal(EvictionReason.Expired, Departures.TakeOne().Reason);
        Assert.Equal(10, Tested.Size);
        Assert.True(Has("other"));
    }

    [Fact]
    public void It_needs_a_size_all_the_same_where_sizes_are_declared()
    {
        Setup = new() { SizeLimit = 10 };

        Assert.Throws<InvalidOperationException>(() => Set("key", 1, entry => entry.AbsoluteExpiration = Now));
        Departures.AssertNoMore();
    }

    [Fact]
    public void GetOrCreate_answers_its_value_all_the_same()
    {
        Assert.Equal(5, Cache.GetOrCreate("key", entry =>
        {
            entry.AbsoluteExpiration = Now;
            return 5;
        }));
        Assert.Equal(0, Tested.Count);
    }

    private void AssertNeverStored(EvictionReason reason)
    {
        Assert.Equal(new Departure("key", 1, reason), Departures.TakeOne());
        Assert.Equal(0, Tested.Count);
        Assert.False(Has("key"));
        Departures.AssertNoMore();
    }

    public sealed class OnMemoryCache() : ExpiredAtCommitContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : ExpiredAtCommitContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : ExpiredAtCommitContract(CacheKind.ScanResistant);
}
