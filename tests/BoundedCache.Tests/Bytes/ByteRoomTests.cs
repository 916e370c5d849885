using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>What a full cache holds after its values' sizes changed: as much as one that never held others.</summary>
public sealed class ByteRoomTests
{
    private const int KiB = 1024;

    public static TheoryData<EvictionPolicy, int, int, int> Changes
    {
        get
        {
            var data = new TheoryData<EvictionPolicy, int, int, int>();
            foreach (EvictionPolicy policy in Enum.GetValues<EvictionPolicy>())
            {
                foreach (int limit in (int[])[64 * KiB, (int)MiB, 4 * (int)MiB, 64 * (int)MiB])
                {
                    data.Add(policy, limit, 1_000, 100);
                    data.Add(policy, limit, 100, 1_000);
                }

                foreach (int limit in (int[])[64 * KiB, (int)MiB, 4 * (int)MiB])
                {
                    data.Add(policy, limit, 8_000, 50);
                    data.Add(policy, limit, 50, 8_000);
                    data.Add(policy, limit, 20_000, 300);
                    data.Add(policy, limit, 300, 20_000);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_full_cache_whose_values_get_another_size_holds_as_many_as_a_fresh_one(
        EvictionPolicy policy, int limit, int from, int to)
    {
        using BoundedByteCache fresh = Make(limit, policy: policy);
        using BoundedByteCache cache = Make(limit, policy: policy);
        Fill(fresh, "new", to);
        Fill(cache, "old", from);
        Fill(cache, "new", to);

        Assert.InRange(cache.Count, (fresh.Count * 0.92) - 1, double.MaxValue);
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void Room_that_removals_left_is_used_before_anything_is_evicted(EvictionPolicy policy)
    {
        using BoundedByteCache cache = Make(4 * MiB, policy: policy);
        Fill(cache, "old", 1_000);
        for (int i = 0; i < 10_000; i += 2)
        {
            cache.Remove($"old{i}");
        }

        long evicted = cache.GetSnapshot().Evictions.Capacity.Entries;
        int count = cache.Count;
        for (int i = 0; i < 8_000; i++)
        {
            Assert.True(cache.Set($"new{i}", Value(i, 100)));
        }

        Assert.Equal((evicted, count + 8_000), (cache.GetSnapshot().Evictions.Capacity.Entries, cache.Count));
        Assert.InRange(cache.UsedMemory, 0, 4 * MiB);
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData(64 * KiB)]
    [InlineData(128 * KiB)]
    [InlineData(256 * KiB)]
    public void What_the_policy_remembers_keeps_no_entry_out_of_a_small_cache(int limit)
    {
        using BoundedByteCache recent = Make(limit);
        using BoundedByteCache resistant = Make(limit, policy: EvictionPolicy.ScanResistant);
        Fill(recent, "key", 50);
        Fill(resistant, "key", 50);

        // A node has 16 bytes more, and what is remembered takes 13 to 26 for each entry.
        Assert.InRange(resistant.Count, recent.Count * 0.6, recent.Count);
        Assert.InRange(resistant.UsedMemory, limit * 0.9, limit);
        resistant.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData(600)]
    [InlineData(700)]
    [InlineData(800)]
    [InlineData(900)]
    public void What_the_policy_remembers_grows_in_steps_within_the_limit(int roomKiB)
    {
        using BoundedByteCache cache = Make(32 * MiB, policy: EvictionPolicy.ScanResistant);
        int next = 0;
        while (cache.UsedMemory < 31 * MiB)
        {
            cache.Set($"key{next++}", [1]);
        }

        // Half of the entries leave, and with them half of what can be remembered. The next ones find free slots.
        cache.Compact(0.5);
        cache.Set("large", new byte[32 * MiB - cache.UsedMemory - (roomKiB * KiB)]);
        for (int i = 0; i < 40_000; i++)
        {
            cache.Set($"key{next++}", [1]);
            if (cache.UsedMemory > cache.MaxMemory)
            {
                Assert.Fail($"{cache.UsedMemory} bytes after {i} sets");
            }
        }

        cache.Engine.CheckInvariants();
    }

    /// <summary>Stores twice as many values as fit.</summary>
    private static void Fill(BoundedByteCache cache, string prefix, int length)
    {
        byte[] value = new byte[length];
        long sets = 20 + (2 * cache.MaxMemory / (length + 50));
        for (int i = 0; i < sets; i++)
        {
            Assert.True(cache.Set($"{prefix}{i}", value));
            if (cache.UsedMemory > cache.MaxMemory)
            {
                Assert.Fail($"{cache.UsedMemory} bytes after {i} sets");
            }
        }
    }
}
