using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>Absolute, relative and sliding expiration, alone and together.</summary>
public abstract class ExpirationContract(CacheKind kind) : CacheContract(kind)
{
    private static readonly TimeSpan s_tick = TimeSpan.FromTicks(1);

    [Fact]
    public void An_absolute_expiration_ends_an_entry_at_that_moment()
    {
        Set("key", 1, entry => entry.AbsoluteExpiration = Now + Minute);

        AssertLastsFor(Minute);
        Assert.Equal(new Departure("key", 1, EvictionReason.Expired), Departures.TakeOne());
        Departures.AssertNoMore();
    }

    [Fact]
    public void The_offset_of_an_absolute_expiration_is_considered()
    {
        Set("key", 1, entry => entry.AbsoluteExpiration = (Now + Minute).ToOffset(new TimeSpan(-7, 0, 0)));

        AssertLastsFor(Minute);
    }

    [Fact]
    public void A_use_does_not_prolong_an_absolute_expiration()
    {
        Set("key", 1, static entry => entry.SetAbsoluteExpiration(Minute));
        Time.Advance(Minute / 2);
        Assert.True(Has("key"));

        AssertLastsFor(Minute / 2);
    }

    [Fact]
    public void A_relative_expiration_counts_from_the_commit()
    {
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.Value = 1;
        entry.AbsoluteExpirationRelativeToNow = Minute;
        Time.Advance(10 * Minute);
        entry.Dispose();

        AssertLastsFor(Minute);
    }

    [Fact]
    public void A_committed_entry_tells_when_its_relative_expiration_falls()
    {
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.Value = 1;
        entry.AbsoluteExpirationRelativeToNow = Minute;
        Assert.Null(entry.AbsoluteExpiration);
        entry.Dispose();

        Assert.Equal(Now + Minute, entry.AbsoluteExpiration);
        Assert.Equal(Minute, entry.AbsoluteExpirationRelativeToNow);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void Of_an_absolute_and_a_relative_expiration_the_earlier_counts(int absolute, int relative)
    {
        Set("key", 1, entry =>
        {
            entry.AbsoluteExpiration = Now + (absolute * Minute);
            entry.AbsoluteExpirationRelativeToNow = relative * Minute;
        });

        AssertLastsFor(Minute);
    }

    [Fact]
    public void A_sliding_expiration_ends_an_entry_that_is_not_used_for_so_long()
    {
        Set("key", 1, static entry => entry.SetSlidingExpiration(Minute));
        for (int i = 0; i < 5; i++)
        {
            Time.Advance(Minute - s_tick);
            Assert.True(Has("key"));
        }

        Time.Advance(Minute);
        Assert.False(Has("key"));
        Assert.Equal(new Departure("key", 1, EvictionReason.Expired), Departures.TakeOne());
    }

    [Fact]
    public void A_sliding_expiration_counts_from_the_commit()
    {
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.Value = 1;
        entry.SlidingExpiration = Minute;
        Time.Advance(10 * Minute);
        entry.Dispose();

        AssertLastsFor(Minute);
    }

    [Fact]
    public void A_lookup_by_characters_prolongs_a_sliding_expiration()
    {
        Set("key", 1, static entry => entry.SetSlidingExpiration(Minute));
        Time.Advance(Minute / 2);
        Assert.True(Tested.TryGetValue("key".AsSpan(), out _));
        Time.Advance(Minute / 2);

        Assert.True(Has("key"));
    }

    [Fact]
    public void Looking_at_keys_or_count_prolongs_nothing()
    {
        Set("key", 1, static entry => entry.SetSlidingExpiration(Minute));
        Time.Advance(Minute / 2);
        _ = Tested.Keys.ToList();
        _ = Tested.Count;
        Time.Advance(Minute / 2);

        Assert.False(Has("key"));
    }

    [Fact]
    public void A_sliding_expiration_never_outlasts_an_absolute_one()
    {
        Set("key", 1, static entry => entry.SetSlidingExpiration(Minute).SetAbsoluteExpiration(2.5 * Minute));
        for (int i = 0; i < 4; i++)
        {
            Time.Advance(Minute / 2);
            Assert.True(Has("key"));
        }

        Time.Advance(Minute / 2);
        Assert.False(Has("key"));
    }

    [Fact]
    public void A_sliding_expiration_may_end_an_entry_before_an_absolute_one()
    {
        Set("key", 1, static entry => entry.SetSlidingExpiration(Minute).SetAbsoluteExpiration(10 * Minute));

        AssertLastsFor(Minute);
    }

    [Fact]
    public void Expirations_are_exact_to_the_tick()
    {
        Set("key", 1, static entry => entry.SetAbsoluteExpiration(s_tick));
        Assert.True(Has("key"));
        Time.Advance(s_tick);
        Assert.False(Has("key"));

        Set("key", 1, static entry => entry.SetSlidingExpiration(s_tick));
        Assert.True(Has("key"));
        Time.Advance(s_tick);
        Assert.False(Has("key"));
    }

    [Fact]
    public void The_last_date_there_is_means_never()
    {
        Set("absolute", 1, static entry => entry.AbsoluteExpiration = DateTimeOffset.MaxValue);
        Set("sliding", 1, static entry => entry.SlidingExpiration = TimeSpan.MaxValue);
        Time.AdjustTime(Time.GetUtcNow().AddDays(100_000));

        Assert.True(Has("absolute"));
        Assert.True(Has("sliding"));
    }

    [Fact]
    public void A_relative_expiration_beyond_the_end_of_time()
    {
        Type? thrown = Thrown(
            () => Set("key", 1, static entry => entry.AbsoluteExpirationRelativeToNow = TimeSpan.MaxValue));

        Assert.Equal(
            Differs(Deviations.EndOfTime, memoryCache: typeof(ArgumentOutOfRangeException), bounded: null), thrown);
        Assert.Equal(Differs(Deviations.EndOfTime, memoryCache: false, bounded: true), Has("key"));
    }

    [Fact]
    public void A_clock_that_is_put_back_gives_an_absolute_expiration_that_much_longer()
    {
        Set("key", 1, static entry => entry.SetAbsoluteExpiration(Minute));
        Time.AdjustTime(Time.GetUtcNow() - (60 * Minute));
        Assert.True(Has("key"));

        AssertLastsFor(61 * Minute);
    }

    [Fact]
    public void A_sliding_expiration_when_the_clock_is_put_back()
    {
        Set("key", 1, static entry => entry.SetSlidingExpiration(Minute));
        Time.AdjustTime(Time.GetUtcNow() - (60 * Minute));
        Assert.True(Has("key"));

        AssertLastsFor(Differs(Deviations.ClockPutBack, memoryCache: Minute, bounded: 61 * Minute));
    }

    [Fact]
    public void NeverRemove_does_not_keep_an_entry_from_expiring()
    {
        Set("key", 1, static entry => entry.SetAbsoluteExpiration(Minute).SetPriority(CacheItemPriority.NeverRemove));

        AssertLastsFor(Minute);
    }

    [Fact]
    public void An_expired_entry_leaves_once_however_many_ask_for_it()
    {
        Set("key", 1, static entry => entry.SetAbsoluteExpiration(Minute));
        Time.Advance(Minute);
        Parallel.For(0, 100, _ => Assert.False(Has("key")));

        Departures.TakeOne();
        Departures.AssertNoMore();
    }

    [Fact]
    public void An_expired_entry_that_is_removed_by_hand_was_removed()
    {
        Set("key", 1, static entry => entry.SetAbsoluteExpiration(Minute));
        Time.Advance(Minute);
        Cache.Remove("key");

        Assert.Equal(EvictionReason.Removed, Departures.TakeOne().Reason);
    }

    private void AssertLastsFor(TimeSpan span)
    {
        Time.Advance(span - s_tick);
        Assert.Contains("key", Tested.Keys);
        Assert.Equal(1, Tested.Count);

        Time.Advance(s_tick);
        Assert.False(Cache.TryGetValue("key", out object? value));
        Assert.Null(value);
        Assert.Equal(0, Tested.Count);
    }

    public sealed class OnMemoryCache() : ExpirationContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : ExpirationContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : ExpirationContract(CacheKind.ScanResistant);
}
