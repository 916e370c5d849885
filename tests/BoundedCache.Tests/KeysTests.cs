using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

public sealed class KeysTests
{
    [Fact]
    public void Keys_are_all_keys_of_whatever_class()
    {
        using var test = new CacheUnderTest();
        object key = new();
        test.Set("text", 1);
        test.Set(7, 2);
        test.Set(key, 3);

        Assert.Equal(3, test.Cache.Count);
        Assert.Equal(new HashSet<object> { "text", 7, key }, test.Cache.Keys.ToHashSet());
    }

    [Fact]
    public void Keys_of_an_empty_cache_are_none()
    {
        using var test = new CacheUnderTest();

        Assert.Empty(test.Cache.Keys);
        Assert.Equal(0, test.Cache.Count);
    }

    [Fact]
    public void The_cache_may_change_while_its_keys_are_enumerated()
    {
        using var test = new CacheUnderTest();
        for (int i = 0; i < 1000; i++)
        {
            test.Set(i, i);
        }

        int seen = 0;
        foreach (object key in test.Cache.Keys)
        {
            test.Cache.Remove(key);
            seen++;
        }

        Assert.Equal(1000, seen);
        Assert.Equal(0, test.Cache.Count);
    }

    [Fact]
    public void Looking_at_keys_is_no_use_of_them()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(2);
        test.Set("old", 1);
        test.Set("new", 2);
        _ = test.Cache.Keys.ToList();
        test.Set("newest", 3);

        Assert.False(test.Has("old"));
    }

    [Fact]
    public void Keys_that_are_equal_are_one_and_the_first_object_need_not_stay()
    {
        using var test = new CacheUnderTest();
        test.Set((1, "a"), "old");
        test.Set((1, "a"), "new");

        Assert.Equal(1, test.Cache.Count);
        Assert.Equal("new", test.Cache.Get((1, "a")));
    }

    [Fact]
    public void A_null_key_is_an_error_everywhere()
    {
        using var test = new CacheUnderTest();

        Assert.Throws<ArgumentNullException>("key", () => test.Cache.TryGetValue((object)null!, out _));
        Assert.Throws<ArgumentNullException>("key", () => test.Cache.Remove(null!));
        Assert.Throws<ArgumentNullException>("key", () => test.Cache.CreateEntry(null!));
    }

    [Fact]
    public void Clear_removes_everything_with_the_reason_removed()
    {
        using var test = new CacheUnderTest();
        test.Set("a", 1);
        test.Set("b", 2, static entry => entry.Priority = CacheItemPriority.NeverRemove);

        test.Cache.Clear();

        Assert.Equal([("a", 1, EvictionReason.Removed), ("b", 2, EvictionReason.Removed)], test.TakeDepartures());
        Assert.Equal(0, test.Cache.Count);
        Assert.Equal(0, test.Cache.UsedMemory);
    }
}
