using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// nopCommerce's locker: it stores a lock, and says only after the commit that the lock is never to be evicted.
/// </summary>
public sealed class LockerRecipe
{
    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void A_lock_that_is_set_to_NeverRemove_after_the_commit_holds_while_others_are_evicted(EvictionPolicy policy)
    {
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { MaxMemory = 1 << 20, EvictionPolicy = policy });
        ICacheEntry entry = cache.CreateEntry("lock");
        using (entry)
        {
            entry.Value = "held";
        }

        entry.SetPriority(CacheItemPriority.NeverRemove);
        for (int i = 0; i < 5000; i++)
        {
            cache.Set(i, new byte[1024]);
        }

        long evicted = cache.GetSnapshot().Evictions.Capacity.Entries;
        Assert.True(evicted > 3000, $"{evicted} entries were evicted, too few to tell anything");
        Assert.True(cache.TryGetValue("lock", out object? value), "the lock was evicted");
        Assert.Equal("held", value);

        // Who holds the lock releases it.
        cache.Remove("lock");
        Assert.False(cache.TryGetValue("lock", out _));
    }
}
