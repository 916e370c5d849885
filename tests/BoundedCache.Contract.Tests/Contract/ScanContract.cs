using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>Expired entries that nobody asks for.</summary>
public abstract class ScanContract : CacheContract
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_moreThanTheInterval = s_interval + TimeSpan.FromTicks(1);

    protected ScanContract(CacheKind kind)
        : base(kind) => Setup = new() { ExpirationScanFrequency = s_interval, SizeLimit = 100 };

    [Fact]
    public void They_are_counted_until_they_are_looked_for()
    {
        SetSized("key", 10, static entry => entry.SetAbsoluteExpiration(Minute));
        Time.Advance(Minute);
        Has("another");

        Assert.Equal(1, Tested.Count);
        Assert.Equal(["key"], Tested.Keys);
        Assert.Equal(10, Tested.Size);
        Departures.AssertNoMore();
    }

    public static TheoryData<string> Uses => [.. s_uses.Keys];

    private static readonly Dictionary<string, Action<IMemoryCache>> s_uses = new()
    {
        ["a hit"] = static cache => Assert.True(cache.TryGetValue("live", out _)),
        ["a miss"] = static cache => Assert.False(cache.TryGetValue("none", out _)),
        ["a set"] = static cache => cache.Set("new", 1, new MemoryCacheEntryOptions { Size = 1 }),
        ["a removal"] = static cache => cache.Remove("none"),
    };

    [Theory]
    [MemberData(nameof(Uses))]
    public void They_go_after_the_interval_when_the_cache_is_used(string use)
    {
        SetSized("live", 1);
        SetSized("absolute", 10, static entry => entry.SetAbsoluteExpiration(Minute));
        SetSized("sliding", 10, static entry => entry.SetSlidingExpiration(Minute));
        SetSized("token", 10, static entry =>
            entry.AddExpirationToken(new FakeToken { ActiveChangeCallbacks = false, HasChanged = false }));
        Time.Advance(s_moreThanTheInterval);
        s_uses[use](Cache);

        Assert.Equal(
            [
                new Departure("absolute", "absolute", EvictionReason.Expired),
                new Departure("sliding", "sliding", EvictionReason.Expired),
            ],
            Departures.Take(2));
        Assert.Contains("token", Tested.Keys);
        Assert.Contains("live", Tested.Keys);
        Departures.AssertNoMore();
    }

    [Fact]
    public void Tokens_are_asked_as_well()
    {
        var token = new FakeToken { ActiveChangeCallbacks = false };
        SetSized("key", 10, entry => entry.AddExpirationToken(token));
        token.HasChanged = true;
        Time.Advance(s_moreThanTheInterval);
        Has("another");

        Assert.Equal(new Departure("key", "key", EvictionReason.TokenExpired), Departures.TakeOne());
    }

    [Fact]
    public void Entries_in_use_stay()
    {
        SetSized("key", 10, static entry => entry.SetSlidingExpiration(4 * Minute));
        for (int i = 0; i < 10; i++)
        {
            Time.Advance(3 * Minute);
            Assert.True(Has("key"));
        }

        Departures.AssertNoMore();
    }

    [Fact]
    public void They_give_their_bytes_back_though_nobody_uses_the_cache()
    {
        for (int i = 0; i < 50; i++)
        {
            SetSized(i, 1, static entry => entry.SetAbsoluteExpiration(Minute));
        }

        Time.Advance(s_moreThanTheInterval);
        Departure[] gone = Departures.Take(Differs(Deviations.ScanByTimer, memoryCache: 0, bounded: 50));

        Assert.All(gone, static departure => Assert.Equal(EvictionReason.Expired, departure.Reason));
        Departures.AssertNoMore();
        Assert.Equal(Differs(Deviations.ScanByTimer, memoryCache: 50L, bounded: 0L), Tested.Size);
        Assert.Equal(Differs(Deviations.ScanByTimer, memoryCache: 50, bounded: 0), Tested.Count);
    }

    [Fact]
    public void One_interval_is_enough_whenever_they_were_stored()
    {
        // The timer runs since the first; the others come and expire in between.
        SetSized("first", 1, static entry => entry.SetAbsoluteExpiration(Minute));
        Time.Advance(4 * Minute);
        SetSized("second", 1, static entry => entry.SetAbsoluteExpiration(TimeSpan.FromSeconds(90)));
        Time.Advance(TimeSpan.FromSeconds(90));
        Time.Advance(s_interval);

        Assert.Equal(Differs(Deviations.ScanByTimer, memoryCache: 2, bounded: 0), Tested.Count);
    }

    [Fact]
    public void A_token_that_throws_does_not_save_the_others()
    {
        SetSized("failing", 1, static entry => entry.AddExpirationToken(FailingLater()));
        for (int i = 0; i < 20; i++)
        {
            SetSized(i, 1, static entry => entry.SetAbsoluteExpiration(Minute));
        }

        Time.Advance(Minute);
        Type? thrown = Thrown(() => Tested.Compact(0.1));

        Assert.Equal(
            Differs(Deviations.FailingTokenInBulk, memoryCache: typeof(InvalidTimeZoneException), bounded: null),
            thrown);
        Assert.Equal(Differs(Deviations.FailingTokenInBulk, memoryCache: 21, bounded: 1), Tested.Count);
        Assert.Equal(Differs(Deviations.FailingTokenInBulk, memoryCache: 0, bounded: 1), Log.Errors.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(50)]
    [InlineData(1_000_000)]
    public void An_interval_that_no_timer_can_have(int days)
    {
        Type? thrown = Thrown(() => Make(new() { ExpirationScanFrequency = TimeSpan.FromDays(days) }));

        Assert.Equal(
            Differs(Deviations.ScanFrequencyRange, memoryCache: null, bounded: typeof(ArgumentOutOfRangeException)),
            thrown);
    }

    /// <summary>A token that throws when it is asked, but for the first time, at the commit.</summary>
    private static FakeToken FailingLater()
    {
        bool asked = false;
        return new FakeToken
        {
            ActiveChangeCallbacks = false,
            OnAsk = () =>
            {
                if (asked)
                {
                    throw new InvalidTimeZoneException();
                }

                asked = true;
            },
        };
    }

    public sealed class OnMemoryCache() : ScanContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : ScanContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : ScanContract(CacheKind.ScanResistant);
}
