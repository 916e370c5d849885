using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

public sealed class DisposeTests
{
    public static TheoryData<string> Members => [.. s_members.Keys];

    private static readonly Dictionary<string, Action<BoundedMemoryCache>> s_members = new()
    {
        ["TryGetValue"] = static cache => cache.TryGetValue("key", out _),
        ["TryGetValue, not a string"] = static cache => cache.TryGetValue(1, out _),
        ["TryGetValue, characters"] = static cache => cache.TryGetValue("key".AsSpan(), out _),
        ["CreateEntry"] = static cache => cache.CreateEntry("key"),
        ["Remove"] = static cache => cache.Remove("key"),
        ["Clear"] = static cache => cache.Clear(),
        ["MaxMemory"] = static cache => cache.MaxMemory = 5,
        ["SetMaxMemoryAsync"] = static cache => cache.SetMaxMemoryAsync(5).GetAwaiter().GetResult(),
        ["ReleaseAsync"] = static cache => cache.ReleaseAsync(ReleaseMode.None).GetAwaiter().GetResult(),
    };

    [Theory]
    [MemberData(nameof(Members))]
    public void Members_of_a_disposed_cache_throw(string member)
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1);
        test.Cache.Dispose();

        ObjectDisposedException error = Assert.Throws<ObjectDisposedException>(() => s_members[member](test.Cache));
        Assert.Equal(typeof(BoundedMemoryCache).FullName, error.ObjectName);
    }

    [Fact]
    public void Figures_of_a_disposed_cache_can_still_be_read()
    {
        using var test = new CacheUnderTest(static options => options.TrackStatistics = true);
        test.Set("key", 1);
        test.Cache.Dispose();

        Assert.Equal(
            (0, 0L, 1_000_000L, "test"),
            (test.Cache.Count, test.Cache.UsedMemory, test.Cache.MaxMemory, test.Cache.Name));
        Assert.Equal(0, test.Cache.GetCurrentStatistics()!.CurrentEntryCount);
        Assert.Empty(test.Cache.Keys);
    }

    [Fact]
    public void A_disposed_cache_can_still_be_compacted_to_no_effect()
    {
        using var test = new CacheUnderTest();
        test.Cache.Dispose();
        test.Cache.Compact(1);
    }

    [Fact]
    public void Disposing_twice_is_harmless()
    {
        using var test = new CacheUnderTest();
        test.Cache.Dispose();
        test.Cache.Dispose();
    }

    [Fact]
    public void An_entry_that_is_finished_after_its_cache_is_stored_nowhere()
    {
        using var test = new CacheUnderTest();
        using (ICacheEntry entry = test.Cache.CreateEntry("key"))
        {
            entry.Value = 1;
            test.Cache.Dispose();
        }

        Assert.Equal(0, test.Cache.Count);
    }
}
