using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

public sealed class CompactTests
{
    [Theory]
    [InlineData(0, 10)]
    [InlineData(0.05, 10)]
    [InlineData(0.3, 7)]
    [InlineData(0.99, 1)]
    [InlineData(1, 0)]
    public void A_share_of_the_entries_goes_the_least_recently_used_first(double share, int left)
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(10);
        for (int i = 0; i < 10; i++)
        {
            test.Set(i, i);
        }

        test.Cache.Compact(share);

        Assert.Equal(Enumerable.Range(10 - left, left), test.Cache.Keys.Cast<int>().Order());
        Assert.All(test.TakeDepartures(), static departure => Assert.Equal(EvictionReason.Capacity, departure.Reason));
    }

    [Fact]
    public void Expired_entries_go_first_and_count()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(10);
        test.Set("live", 1);
        test.Set("expired", 2, static entry =>
            entry.SetPriority(CacheItemPriority.NeverRemove).SetAbsoluteExpiration(TimeSpan.FromSeconds(1)));
        test.Time.Advance(TimeSpan.FromSeconds(1));

        test.Cache.Compact(0.5);

        Assert.Equal(["live"], test.Cache.Keys);
        Assert.Equal([("expired", 2, EvictionReason.Expired)], test.TakeDepartures());
    }

    [Theory]
    [InlineData(-0.1, 1)]
    [InlineData(double.NegativeInfinity, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(1.1, 0)]
    [InlineData(double.PositiveInfinity, 0)]
    public void Any_other_share_is_none_or_all_beside_what_is_expired(double share, int left)
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(10);
        test.Set("live", 1);
        test.Set("expired", 2, static entry => entry.SetAbsoluteExpiration(TimeSpan.FromSeconds(1)));
        test.Time.Advance(TimeSpan.FromSeconds(1));

        test.Cache.Compact(share);

        Assert.Equal(left, test.Cache.Count);
    }
}
