using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

/// <summary>Operations that free table space on request leave a table no larger than its entries need.</summary>
public sealed class TrimTests
{
    private const int Entries = 20_000;

    public static TheoryData<string> Ways => [.. s_ways.Keys];

    private static readonly Dictionary<string, Func<BoundedMemoryCache, Task>> s_ways = new()
    {
        ["lower limit"] = static cache => cache.SetMaxMemoryAsync(100),
        ["release"] = static async cache =>
        {
            RemoveMost(cache);
            await cache.ReleaseAsync(ReleaseMode.None);
        },
        ["compact"] = static cache =>
        {
            RemoveMost(cache);
            cache.Compact(0);
            return Task.CompletedTask;
        },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_hundred_entries_of_twenty_thousand_are_left_in_one_chunk_and_few_buckets(string way)
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(Entries);
        for (int i = 0; i < Entries; i++)
        {
            test.Set(i, i, static entry => entry.SlidingExpiration = TimeSpan.FromMinutes(1));
        }

        await s_ways[way](test.Cache);

        Assert.Equal(100, test.Cache.Count);
        Assert.Equal(1, test.Cache.Engine.Allocator.ChunkCount);
        Assert.InRange(test.Cache.Engine.Index.BucketCount, 100, 160);
        Assert.All(test.Cache.Keys, key => Assert.Equal(key, test.Cache.Get(key)));
    }

    private static void RemoveMost(BoundedMemoryCache cache)
    {
        for (int i = 0; i < Entries; i++)
        {
            cache.Remove(i % 200 == 0 ? -1 : i);
        }
    }
}
