using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>Work in bulk, such as an eviction by a lower limit, and writers beside it.</summary>
public sealed class ByteBulkTests
{
    [Theory]
    [InlineData(300_000)]
    [InlineData(20_000)]
    public void A_writer_beside_it_takes_the_room_of_what_left_and_evicts_nothing(int length)
    {
        using BoundedByteCache cache = Make(16 * MiB);
        int small = 0;
        while (cache.UsedMemory < 15.5 * MiB)
        {
            Assert.True(cache.Set($"small{small}", Value(small, 1_000)));
            small++;
        }

        cache.Engine.BeginBulk();
        for (int i = 0; i < small; i += 2)
        {
            Assert.True(cache.Remove($"small{i}"));
        }

        int left = cache.Count;

        int large = (int)(4 * MiB / length);
        for (int i = 0; i < large; i++)
        {
            Assert.True(cache.Set($"large{i}", Value(i, length)));
        }

        Assert.Equal(left + large, cache.Count);
        cache.Engine.CheckInvariants();
        cache.Engine.EndBulk();
        cache.Engine.CheckInvariants();
        Assert.True(Is(cache.Get("small1"), 1) && Is(cache.Get("large1"), 1));
    }

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed, 1_000)]
    [InlineData(EvictionPolicy.LeastRecentlyUsed, 100)]
    [InlineData(EvictionPolicy.ScanResistant, 100)]
    public void A_lower_limit_evicts_no_more_than_it_must(EvictionPolicy policy, int length)
    {
        using BoundedByteCache cache = Make(64 * MiB, policy: policy);
        for (int i = 0; cache.UsedMemory < 60 * MiB; i++)
        {
            cache.Set($"key{i}", Value(i, length));
        }

        cache.MaxMemory = 8 * MiB;

        Assert.InRange(cache.UsedMemory, 7.5 * MiB, 8 * MiB);
        cache.Engine.CheckInvariants();
    }
}
