using BoundedCache.Engine;
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

    /// <summary>A chunk of entries costs 48 bytes each, a bucket 4, and a deadline 8.</summary>
    [Theory]
    [InlineData(0, 0, 16, false)]
    [InlineData(1, 32, 16, false)]
    [InlineData(32, 32, 64, true)]
    [InlineData(33, 128, 64, false)]
    [InlineData(128, 128, 256, true)]
    [InlineData(129, 512, 256, false)]
    [InlineData(512, 512, 1024, true)]
    [InlineData(513, 2048, 1024, false)]
    public async Task What_a_lowered_limit_leaves_has_a_table_of_its_size_and_grows_again(
        int left, int slots, int buckets, bool expires)
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(Entries);
        for (int i = 0; i < Entries; i++)
        {
            test.Set(i, i, entry => entry.SlidingExpiration = expires ? TimeSpan.FromMinutes(1) : null);
        }

        await test.Cache.SetMaxMemoryAsync(Math.Max(left, 1));
        if (left == 0)
        {
            test.Cache.Clear();
        }

        Assert.Equal(left, test.Cache.Count);
        Assert.Equal(
            (slots * (expires ? 56 : 48)) + (buckets * sizeof(int)), test.Cache.GetSnapshot().TableBytes);
        InvariantChecker.Check(test.Cache.Engine);
        Assert.All(test.Cache.Keys, key => Assert.Equal(key, test.Cache.Get(key)));

        await test.Cache.SetMaxMemoryAsync(Entries);
        for (int i = 0; i < Entries; i++)
        {
            test.Set(i, i);
        }

        InvariantChecker.Check(test.Cache.Engine);
        Assert.All(Enumerable.Range(0, Entries), key => Assert.Equal(key, test.Cache.Get(key)));
    }

    [Fact]
    public void A_table_is_shortened_whichever_slots_its_entries_are_in()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(Entries);
        for (int round = 1; round <= 30; round++)
        {
            for (int i = 0; i < 300 * round; i++)
            {
                test.Set(i, i);
            }

            for (int i = 0; i < 300 * round; i++)
            {
                test.Cache.Remove(i % (20 * round) == round ? -1 : i);
            }

            test.Cache.Compact(0);
            Assert.Equal(15, test.Cache.Count);
            Assert.Equal((32 * 48) + (32 * sizeof(int)), test.Cache.GetSnapshot().TableBytes);
            InvariantChecker.Check(test.Cache.Engine);
        }
    }

    private static void RemoveMost(BoundedMemoryCache cache)
    {
        for (int i = 0; i < Entries; i++)
        {
            cache.Remove(i % 200 == 0 ? -1 : i);
        }
    }
}
