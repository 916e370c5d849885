using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

public sealed class MaxMemoryTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public async Task Zero_and_less_are_refused_and_change_nothing(long max)
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(10);
        test.Set("key", 1);

        Assert.Equal(max, Assert.Throws<ArgumentOutOfRangeException>(() => test.Cache.MaxMemory = max).ActualValue);
        Assert.Equal(
            "maxMemory",
            (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => test.Cache.SetMaxMemoryAsync(max))).ParamName);

        Assert.Equal(10, test.Cache.MaxMemory);
        Assert.True(test.Has("key"));
    }

    [Fact]
    public void At_one_byte_nothing_fits_and_nothing_breaks()
    {
        using var test = new CacheUnderTest();
        test.Set("old", "value");
        test.Cache.MaxMemory = 1;
        test.Set("new", "value");

        Assert.Equal(
            [("new", "value", EvictionReason.Capacity), ("old", "value", EvictionReason.Capacity)],
            test.TakeDepartures());
        Assert.False(test.Has("new"));
        Assert.Equal(0, test.Cache.Count);
        Assert.Equal(0, test.Cache.UsedMemory);
        Assert.Equal("made", test.Cache.GetOrCreate("other", static _ => "made"));
        test.Cache.Remove("other");
        test.Cache.Compact(1);
        test.Cache.Clear();
    }

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed, EntrySizing.Measured)]
    [InlineData(EvictionPolicy.LeastRecentlyUsed, EntrySizing.Declared)]
    [InlineData(EvictionPolicy.ScanResistant, EntrySizing.Measured)]
    [InlineData(EvictionPolicy.ScanResistant, EntrySizing.Declared)]
    public void At_the_largest_limit_an_entry_that_becomes_smaller_evicts_none(
        EvictionPolicy policy, EntrySizing sizing)
    {
        using var test = new CacheUnderTest(options =>
            (options.MaxMemory, options.EvictionPolicy, options.Sizing) = (long.MaxValue, policy, sizing));
        for (int i = 0; i < 20; i++)
        {
            test.Set(i, "value");
        }

        test.Cache.SetWithSize("key", "value", 1000);
        test.Cache.SetWithSize("key", "value", 10);
        Assert.Equal(21, test.Cache.Count);
        test.Cache.SetWithSize("key", "value", 1000);
        Assert.True(test.Cache.Remeasure("key", 10));
        Assert.Equal(21, test.Cache.Count);
        ICacheEntry entry = test.Cache.CreateEntry("key");
        (entry.Value, entry.Size) = ("value", 10);
        entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromHours(1);
        entry.Dispose();
        entry.AbsoluteExpiration = null;
        Assert.Equal(21, test.Cache.Count);

        test.Cache.SetWithSize("large", "value", long.MaxValue);
        test.Cache.SetWithSize("large", "value", 1);
        Assert.Equal(22, test.Cache.Count);
        Assert.Empty(test.TakeDepartures());
    }

    [Fact]
    public void A_limit_that_is_raised_again_holds_entries_again()
    {
        using var test = new CacheUnderTest();
        test.Cache.MaxMemory = 1;
        test.Cache.MaxMemory = 1_000_000;
        test.Set("key", "value");

        Assert.True(test.Has("key"));
        Assert.Empty(test.TakeDepartures());
    }

    [Fact]
    public void A_lower_limit_evicts_the_least_recently_used()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(5);
        for (int i = 1; i <= 5; i++)
        {
            test.Set(i, i);
        }

        test.Has(1);
        test.Cache.MaxMemory = 2;

        Assert.Equal([1, 5], test.Cache.Keys.Cast<int>().Order());
        Assert.Equal(2, test.Cache.UsedMemory);
        Assert.All(test.TakeDepartures(), static departure => Assert.Equal(EvictionReason.Capacity, departure.Reason));
    }

    [Fact]
    public void A_full_cache_evicts_the_old_to_admit_the_new()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(3);
        for (int i = 1; i <= 4; i++)
        {
            test.Set(i, i);
        }

        Assert.Equal([(1, 1, EvictionReason.Capacity)], test.TakeDepartures());
        Assert.Equal([2, 3, 4], test.Cache.Keys.Cast<int>().Order());
    }

    [Fact]
    public void An_entry_larger_than_the_limit_is_refused_and_evicts_nobody()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(3);
        test.Set("small", 1);
        test.Set("large", 2, static entry => entry.Size = 4);
        test.Set("fits", 3, static entry => entry.Size = 2);

        Assert.Equal([("large", 2, EvictionReason.Capacity)], test.TakeDepartures());
        Assert.Equal(3, test.Cache.UsedMemory);
    }

    [Fact]
    public void The_greatest_sizes_and_limits_do_not_overflow()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(long.MaxValue);
        test.Set("one", 1, static entry => entry.Size = long.MaxValue);
        test.Set("two", 2, static entry => entry.Size = long.MaxValue);
        test.Set("three", 3, static entry => entry.Size = long.MaxValue);

        Assert.InRange(test.Cache.UsedMemory, 1, long.MaxValue);
        test.Cache.MaxMemory = 100;
        Assert.Equal(0, test.Cache.Count);
    }
}
