using BoundedCache.Engine;

namespace BoundedCache.Tests.Engine;

public sealed class BucketIndexTests
{
    [Theory]
    [InlineData(100)]
    [InlineData(10_000)]
    [InlineData(200_000)]
    public void Buckets_keep_up_with_the_entries_so_that_chains_stay_short(int entries)
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = long.MaxValue });
        for (int i = 0; i < entries; i++)
        {
            cache.Set($"key {i}", string.Empty);
        }

        int buckets = cache.Engine.Index.BucketCount;
        Assert.True(entries <= buckets * 0.75 + 1, $"{entries} entries in {buckets} buckets");
        InvariantChecker.Check(cache.Engine);
    }
}
