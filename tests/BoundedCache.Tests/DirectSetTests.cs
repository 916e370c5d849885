using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

/// <summary>
/// Compares storing in one call on the class with the extension methods of the interface that it replaces.
/// </summary>
public sealed class DirectSetTests
{
    private readonly object _value = new();

    [Fact]
    public void A_value_is_stored_and_answered()
    {
        using var test = new CacheUnderTest();

        Assert.Same(_value, test.Cache.Set("key", _value));
        Assert.Equal(7, test.Cache.Set(1, 7));
        Assert.Null(test.Cache.Set<object?>("null", null));

        Assert.Same(_value, test.Cache.Get("key"));
        Assert.Equal(7, test.Cache.Get(1));
        Assert.True(test.Cache.TryGetValue("null", out object? nothing) && nothing is null);
    }

    [Fact]
    public void An_entry_is_replaced_and_its_callbacks_told()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1);

        test.Cache.Set("key", 2);

        Assert.Equal(2, test.Cache.Get("key"));
        Assert.Equal([("key", 1, EvictionReason.Replaced)], test.TakeDepartures());
    }

    [Fact]
    public void It_is_charged_as_an_entry_with_the_same_value_and_size_is()
    {
        using var test = new CacheUnderTest();
        BoundedMemoryCache cache = test.Cache;
        foreach (long? size in (long?[])[null, 10, 5_000])
        {
            using (ICacheEntry entry = cache.CreateEntry("key"))
            {
                (entry.Value, entry.Size) = (new byte[100], size);
            }

            long expected = test.Cache.UsedMemory;
            test.Cache.Clear();

            _ = size is { } bytes
                ? test.Cache.SetWithSize("key", new byte[100], bytes)
                : test.Cache.Set("key", new byte[100]);

            Assert.Equal(expected, test.Cache.UsedMemory);
        }
    }

    [Fact]
    public void A_cache_of_declared_sizes_demands_one()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(10);
        test.Set("key", 1);

        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => test.Cache.Set("key", 2));
        Assert.Contains("ICacheEntry.Size", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, test.Cache.Get("key"));

        test.Cache.SetWithSize("key", 3, 4);
        Assert.Equal((3, 4), (test.Cache.Get("key"), test.Cache.UsedMemory));
        Assert.Throws<ArgumentOutOfRangeException>(() => test.Cache.SetWithSize("key", 2, -1));
        test.Cache.SetWithSize("key", 5, 11);
        Assert.False(test.Has("key"));
    }

    [Fact]
    public void It_expires_when_it_was_told_to()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set("after", 1, TimeSpan.FromSeconds(10));
        test.Cache.Set("at", 1, test.Time.GetUtcNow().AddSeconds(10));
        test.Cache.Set("longest", 1, TimeSpan.MaxValue);
        test.Cache.Set("last", 1, DateTimeOffset.MaxValue);

        test.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(test.Has("after") && test.Has("at"));
        test.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.False(test.Has("after") || test.Has("at"));
        Assert.True(test.Has("longest") && test.Has("last"));
    }

    [Fact]
    public void One_that_is_expired_already_only_removes_what_it_would_have_replaced()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set("key", 1);

        Assert.Equal(2, test.Cache.Set("key", 2, test.Time.GetUtcNow()));

        Assert.False(test.Has("key"));
        Assert.Equal(1, test.Cache.GetSnapshot().RefusedExpired);
    }

    [Fact]
    public void Bad_arguments_are_refused_and_change_nothing()
    {
        using var test = new CacheUnderTest();

        Assert.Throws<ArgumentNullException>(() => test.Cache.Set(null!, _value));
        Assert.Throws<ArgumentOutOfRangeException>(() => test.Cache.Set("key", _value, TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => test.Cache.SetWithSize("key", _value, -1));
        test.Cache.Dispose();
        Assert.Throws<ObjectDisposedException>(() => test.Cache.Set("key", _value));

        Assert.Equal(0, test.Cache.Count);
    }

    [Fact]
    public void An_entry_that_is_built_around_it_inherits_its_expiration()
    {
        using var test = new CacheUnderTest(static options => options.TrackLinkedCacheEntries = true);
        using (ICacheEntry outer = test.Cache.CreateEntry("outer"))
        {
            test.Cache.Set("inner", 1, TimeSpan.FromSeconds(10));
            outer.Value = 2;
        }

        test.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.False(test.Has("outer"));
    }

    /// <remarks>
    /// It replaces entries, so that the table does not grow. The first of a hundred rounds allocates what is created
    /// once.
    /// </remarks>
    [Fact]
    public void A_set_allocates_nothing()
    {
        using var test = new CacheUnderTest();
        DateTimeOffset later = test.Time.GetUtcNow().AddDays(1);
        long least = Enumerable.Range(0, 100).Min(_ =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            test.Cache.Set("key", _value);
            test.Cache.SetWithSize("key", _value, 8);
            test.Cache.Set("key", _value, later);
            test.Cache.Set("key", _value, TimeSpan.FromDays(1));
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });

        Assert.Equal(0, least);
    }

    [Fact]
    public void A_set_by_way_of_an_entry_allocates_no_more_than_MemoryCache()
    {
        using var test = new CacheUnderTest();
        using var microsoft = new MemoryCache(new MemoryCacheOptions());

        Assert.InRange(Allocated(test.Cache), 1, Allocated(microsoft));

        long Allocated(IMemoryCache cache) => Enumerable.Range(0, 100).Min(_ =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            cache.Set("key", _value);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
    }
}
