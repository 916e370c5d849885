namespace BoundedCache.Tests;

public sealed class SpanLookupTests
{
    [Theory]
    [InlineData("")]
    [InlineData("k")]
    [InlineData("a longer key, of more than sixteen bytes")]
    [InlineData("clé ключ 鍵 🔑")]
    public void Characters_find_the_value_of_the_string_they_spell(string key)
    {
        using var test = new CacheUnderTest();
        test.Set(key, 1);

        Assert.True(test.Cache.TryGetValue($"<{key}>".AsSpan(1, key.Length), out object? value));
        Assert.Equal(1, value);
        Assert.False(test.Cache.TryGetValue($"{key}!".AsSpan(), out value));
        Assert.Null(value);
    }

    [Fact]
    public void Characters_find_no_key_that_is_not_a_string()
    {
        using var test = new CacheUnderTest();
        test.Set(7, 1);
        test.Set('7', 2);

        Assert.False(test.Cache.TryGetValue("7".AsSpan(), out _));
        Assert.False(test.Cache.TryGetValue(default(ReadOnlySpan<char>), out _));
    }

    [Fact]
    public void A_lookup_by_characters_is_a_use()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(2);
        test.Set("a", 1);
        test.Set("b", 2);
        test.Cache.TryGetValue("a".AsSpan(), out _);
        test.Set("c", 3);

        Assert.True(test.Has("a"));
        Assert.False(test.Has("b"));
    }

    [Fact]
    public void A_lookup_by_characters_allocates_nothing()
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1);
        for (int i = 0; i < 2; i++)
        {
            test.Cache.TryGetValue("key".AsSpan(), out _);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        test.Cache.TryGetValue("key".AsSpan(), out _);
        test.Cache.TryGetValue("other".AsSpan(), out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
