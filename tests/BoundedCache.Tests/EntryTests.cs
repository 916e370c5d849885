using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

/// <summary>When an entry that is being built becomes part of the cache.</summary>
public sealed class EntryTests
{
    [Fact]
    public void An_absolute_expiration_keeps_its_offset_until_it_is_taken_away()
    {
        using var test = new CacheUnderTest();
        using ICacheEntry entry = test.Cache.CreateEntry("key");
        DateTimeOffset at = new(2030, 1, 2, 3, 4, 5, TimeSpan.FromMinutes(-330));
        entry.AbsoluteExpiration = at;
        Assert.Equal((at, at.Offset), (entry.AbsoluteExpiration, entry.AbsoluteExpiration.GetValueOrDefault().Offset));

        entry.AbsoluteExpiration = null;
        Assert.Null(entry.AbsoluteExpiration);
    }

    [Fact]
    public void An_entry_is_stored_when_it_is_disposed_and_not_before()
    {
        using var test = new CacheUnderTest();
        ICacheEntry entry = test.Cache.CreateEntry("key");
        entry.Value = 1;
        Assert.False(test.Has("key"));

        entry.Dispose();
        Assert.True(test.Has("key"));
        Assert.Equal("key", entry.Key);
        Assert.Equal(1, entry.Value);
    }

    [Fact]
    public void An_entry_without_a_value_is_not_stored()
    {
        using var test = new CacheUnderTest();
        test.Cache.CreateEntry("key").Dispose();

        Assert.False(test.Has("key"));
    }

    [Fact]
    public void Null_is_a_value()
    {
        using var test = new CacheUnderTest();
        test.Set("key", null);

        Assert.True(test.Cache.TryGetValue("key", out object? value));
        Assert.Null(value);
    }

    [Fact]
    public void A_second_disposal_stores_nothing()
    {
        using var test = new CacheUnderTest();
        ICacheEntry entry = test.Cache.CreateEntry("key");
        entry.Value = 1;
        entry.Dispose();
        test.Cache.Remove("key");
        entry.Value = 2;
        entry.Dispose();

        Assert.False(test.Has("key"));
    }

    [Fact]
    public void A_builder_with_another_value_than_the_stored_one_changes_nothing()
    {
        using var test = new CacheUnderTest();
        ICacheEntry entry = test.Cache.CreateEntry("key");
        entry.Value = 1;
        entry.RegisterPostEvictionCallback(static (_, _, _, _) => { });
        entry.Dispose();
        entry.Value = 2;
        entry.PostEvictionCallbacks.Clear();
        entry.AbsoluteExpiration = test.Time.GetUtcNow();

        Assert.Equal(1, test.Cache.Get("key"));
    }

    [Fact]
    public void A_new_entry_has_what_MemoryCache_gives_it()
    {
        using var test = new CacheUnderTest();
        using ICacheEntry entry = test.Cache.CreateEntry("key");

        Assert.Equal(CacheItemPriority.Normal, entry.Priority);
        Assert.Null(entry.Value);
        Assert.Null(entry.Size);
        Assert.Null(entry.AbsoluteExpiration);
        Assert.Empty(entry.ExpirationTokens);
        Assert.Empty(entry.PostEvictionCallbacks);
    }

    [Fact]
    public void GetOrCreate_makes_a_value_once()
    {
        using var test = new CacheUnderTest();
        int made = 0;

        Assert.Equal(1, test.Cache.GetOrCreate("key", _ => ++made));
        Assert.Equal(1, test.Cache.GetOrCreate("key", _ => ++made));
    }

    [Fact]
    public async Task GetOrCreateAsync_stores_what_the_factory_says_of_the_entry()
    {
        using var test = new CacheUnderTest();
        int value = await test.Cache.GetOrCreateAsync("key", static async entry =>
        {
            await Task.Yield();
            entry.SetAbsoluteExpiration(TimeSpan.FromMinutes(1));
            return 5;
        });

        Assert.Equal(5, value);
        Assert.True(test.Has("key"));
        test.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(test.Has("key"));
    }

    [Fact]
    public void A_factory_that_throws_leaves_nothing_behind()
    {
        using var test = new CacheUnderTest(static options => options.TrackLinkedCacheEntries = true);

        Assert.Throws<InvalidTimeZoneException>(
            () => test.Cache.GetOrCreate<int>("key", static _ => throw new InvalidTimeZoneException()));
        Assert.False(test.Has("key"));
        Assert.Equal(3, test.Cache.GetOrCreate("key", static _ => 3));
    }
}
