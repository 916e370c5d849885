using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

public sealed class ExpirationScanTests
{
    private static readonly TimeSpan s_interval = TimeSpan.FromHours(1);

    [Fact]
    public void There_is_no_timer_before_the_first_entry_that_expires()
    {
        using var test = new CacheUnderTest();
        test.Set("stays", 1);
        Assert.Equal(0, test.Time.ActiveTimers);

        test.Set("goes", 2, static entry => entry.SetAbsoluteExpiration(s_interval));
        test.Set("goes too", 3, static entry => entry.SetSlidingExpiration(s_interval));
        Assert.Equal(1, test.Time.ActiveTimers);
    }

    [Fact]
    public void An_entry_that_was_expired_already_starts_no_timer()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1, entry => entry.AbsoluteExpiration = test.Time.GetUtcNow());

        Assert.Equal(0, test.Time.ActiveTimers);
    }

    [Fact]
    public void The_timer_is_gone_after_dispose()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1, static entry => entry.SetAbsoluteExpiration(s_interval));
        test.Cache.Dispose();

        Assert.Equal(0, test.Time.ActiveTimers);
    }

    [Fact]
    public void Expired_entries_go_within_one_interval_though_nobody_touches_the_cache()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 100_000_000);
        for (int i = 0; i < 5000; i++)
        {
            test.Set(i, i, entry => entry.SetAbsoluteExpiration(TimeSpan.FromMinutes(i % 2 == 0 ? 30 : 90)));
        }

        test.Time.Advance(s_interval);
        Assert.Equal(2500, test.Cache.Count);
        Assert.All(test.TakeDepartures(), static departure =>
            Assert.Equal((0, EvictionReason.Expired), ((int)departure.Value! % 2, departure.Reason)));
        test.Time.Advance(s_interval);
        Assert.Equal(0, test.Cache.Count);
        Assert.Equal(0, test.Cache.UsedMemory);
    }

    [Fact]
    public void A_sliding_entry_that_was_used_is_looked_at_again_and_goes_later()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1, static entry => entry.SetSlidingExpiration(TimeSpan.FromMinutes(50)));
        test.Time.Advance(TimeSpan.FromMinutes(40));
        test.Has("key");
        test.Time.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(1, test.Cache.Count);

        test.Time.Advance(s_interval);
        Assert.Equal(0, test.Cache.Count);
    }

    [Fact]
    public void The_scan_itself_is_no_use_of_an_entry()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1, static entry => entry.SetSlidingExpiration(TimeSpan.FromMinutes(90)));
        test.Time.Advance(s_interval);
        Assert.Equal(1, test.Cache.Count);

        test.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.False(test.Has("key"));
    }
}
