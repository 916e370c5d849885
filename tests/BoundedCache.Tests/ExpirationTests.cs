using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

public sealed class ExpirationTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_tick = TimeSpan.FromTicks(1);

    [Fact]
    public void An_absolute_expiration_ends_the_entry_at_its_time_and_not_before()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1, entry => entry.AbsoluteExpiration = test.Time.GetUtcNow() + s_minute);

        test.Time.Advance(s_minute - s_tick);
        Assert.True(test.Has("key"));
        test.Time.Advance(s_tick);
        Assert.False(test.Has("key"));
        Assert.Equal([("key", 1, EvictionReason.Expired)], test.TakeDepartures());
        Assert.Equal(0, test.Cache.Count);
    }

    [Fact]
    public void An_expiration_in_another_time_zone_is_the_same_moment()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1, entry =>
            entry.AbsoluteExpiration = (test.Time.GetUtcNow() + s_minute).ToOffset(TimeSpan.FromHours(9)));

        Assert.True(test.Has("key"));
        test.Time.Advance(s_minute);
        Assert.False(test.Has("key"));
    }

    [Fact]
    public void A_relative_expiration_counts_from_when_the_entry_is_stored()
    {
        using var test = new CacheUnderTest();
        using (ICacheEntry entry = test.Cache.CreateEntry("key"))
        {
            entry.Value = 1;
            entry.AbsoluteExpirationRelativeToNow = s_minute;
            test.Time.Advance(s_minute);
        }

        test.Time.Advance(s_minute - s_tick);
        Assert.True(test.Has("key"));
        test.Time.Advance(s_tick);
        Assert.False(test.Has("key"));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void Of_an_absolute_and_a_relative_expiration_the_earlier_counts(int absoluteMinutes, int relativeMinutes)
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1, entry =>
        {
            entry.AbsoluteExpiration = test.Time.GetUtcNow() + (absoluteMinutes * s_minute);
            entry.AbsoluteExpirationRelativeToNow = relativeMinutes * s_minute;
        });

        test.Time.Advance(s_minute);
        Assert.False(test.Has("key"));
    }

    [Fact]
    public void A_sliding_expiration_begins_anew_with_every_use()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1, static entry => entry.SlidingExpiration = s_minute);
        for (int i = 0; i < 3; i++)
        {
            test.Time.Advance(s_minute - s_tick);
            Assert.True(test.Has("key"));
        }

        test.Time.Advance(s_minute);
        Assert.False(test.Has("key"));
        Assert.Equal([("key", 1, EvictionReason.Expired)], test.TakeDepartures());
    }

    [Fact]
    public void A_sliding_expiration_does_not_slide_past_the_absolute_one()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1, static entry => entry.SetSlidingExpiration(s_minute).SetAbsoluteExpiration(1.5 * s_minute));

        test.Time.Advance(0.9 * s_minute);
        Assert.True(test.Has("key"));
        test.Time.Advance(0.6 * s_minute);
        Assert.False(test.Has("key"));
    }

    [Fact]
    public void A_use_of_another_entry_does_not_prolong_a_sliding_expiration()
    {
        using var test = new CacheUnderTest();
        test.Set("one", 1, static entry => entry.SlidingExpiration = s_minute);
        test.Set("two", 2, static entry => entry.SlidingExpiration = s_minute);
        test.Time.Advance(0.6 * s_minute);
        test.Has("one");
        test.Time.Advance(0.6 * s_minute);

        Assert.True(test.Has("one"));
        Assert.False(test.Has("two"));
    }

    [Fact]
    public void An_entry_that_is_expired_when_it_is_stored_is_not_stored_and_ends_what_it_was_to_replace()
    {
        using var test = new CacheUnderTest();
        test.Set("key", "old");
        test.Set("key", "new", entry => entry.AbsoluteExpiration = test.Time.GetUtcNow());

        Assert.False(test.Has("key"));
        Assert.Equal(0, test.Cache.Count);
        Assert.Equal(
            [("key", "new", EvictionReason.Expired), ("key", "old", EvictionReason.Replaced)],
            test.TakeDepartures().OrderBy(static departure => (string)departure.Value!, StringComparer.Ordinal));
    }

    [Fact]
    public void The_longest_expirations_are_never()
    {
        using var test = new CacheUnderTest();
        test.Set("absolute", 1, static entry => entry.AbsoluteExpiration = DateTimeOffset.MaxValue);
        test.Set("relative", 2, static entry => entry.AbsoluteExpirationRelativeToNow = TimeSpan.MaxValue);
        test.Set("sliding", 3, static entry => entry.SlidingExpiration = TimeSpan.MaxValue);
        test.Time.AdjustTime(test.Time.GetUtcNow().AddDays(365_000));

        Assert.True(test.Has("absolute") && test.Has("relative") && test.Has("sliding"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_duration_must_be_positive(long ticks)
    {
        using var test = new CacheUnderTest();
        using ICacheEntry entry = test.Cache.CreateEntry("key");

        Assert.Throws<ArgumentOutOfRangeException>(
            "AbsoluteExpirationRelativeToNow", () => entry.AbsoluteExpirationRelativeToNow = new TimeSpan(ticks));
        Assert.Throws<ArgumentOutOfRangeException>(
            "SlidingExpiration", () => entry.SlidingExpiration = new TimeSpan(ticks));
        Assert.Null(entry.AbsoluteExpirationRelativeToNow);
        Assert.Null(entry.SlidingExpiration);
    }

    [Fact]
    public void An_expired_entry_that_is_replaced_says_replaced()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1, static entry => entry.SetAbsoluteExpiration(s_minute));
        test.Time.Advance(s_minute);
        test.Set("key", 2);

        Assert.Equal([("key", 1, EvictionReason.Replaced)], test.TakeDepartures());
        Assert.True(test.Has("key"));
    }

    public static TheoryData<string> Writes => [.. s_writes.Keys];

    private static readonly Dictionary<string, Action<CacheUnderTest, object>> s_writes = new()
    {
        ["a relative expiration"] = static (test, value) => test.Cache.Set("key", value, TimeSpan.FromMinutes(1)),
        ["one by way of a builder"] = static (test, value) =>
            test.Set("key", value, static entry => entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1)),
        ["a sliding expiration"] = static (test, value) =>
            test.Set("key", value, static entry => entry.SlidingExpiration = TimeSpan.FromMinutes(1)),
    };

    /// <summary>The value's sizer takes a minute of the cache's clock.</summary>
    [Theory]
    [MemberData(nameof(Writes))]
    public void An_expiration_begins_when_the_value_has_been_measured(string write)
    {
        CacheUnderTest? test = null;
        using CacheUnderTest made = new(options => options.AddSizer<Version>(_ =>
        {
            test!.Time.Advance(TimeSpan.FromMinutes(1));
            return 100;
        }));
        test = made;
        s_writes[write](test, new Version(1, 0));
        test.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.Contains("key", test.Cache.Keys);
        test.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.False(test.Has("key"));
    }
}
