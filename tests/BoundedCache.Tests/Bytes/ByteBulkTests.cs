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

    [Fact]
    public void Writers_beside_it_use_the_slots_of_what_left_also_those_that_are_only_marked()
    {
        using BoundedByteCache cache = Make(64 * MiB);
        var model = new HashSet<int>();
        for (int i = 0; i < 20_000; i++)
        {
            Assert.True(cache.Set($"key{i}", Value(i, 100)));
            model.Add(i);
        }

        long table = cache.Engine.ReadTotals().TableBytes;
        cache.Engine.BeginBulk();
        for (int i = 0; i < 20_000; i++)
        {
            if (i % 11 != 0)
            {
                Assert.True(cache.Remove($"key{i}"));
                model.Remove(i);
            }
        }

        cache.Engine.CheckInvariants();
        for (int i = 20_000; i < 38_000; i++)
        {
            Assert.True(cache.Set($"key{i}", Value(i, 100)));
            model.Add(i);
        }

        cache.Engine.CheckInvariants();
        Assert.InRange(cache.Engine.ReadTotals().TableBytes, 0, table);
        cache.Engine.EndBulk();
        cache.Engine.CheckInvariants();
        Assert.All(Enumerable.Range(0, 38_000), i =>
        {
            byte[]? value = cache.Get($"key{i}");
            Assert.True(model.Contains(i) ? value?.Length == 100 && Is(value, i) : value is null, $"key {i}");
        });
    }

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void Removals_and_writes_in_any_order_leave_what_a_model_says(EvictionPolicy policy)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            using BoundedByteCache cache = Make(64 * MiB, policy: policy);
            var model = new HashSet<int>();
            for (int round = 0; round < 4; round++)
            {
                Fill(random.Next(8_000));
                cache.Engine.BeginBulk();
                RemoveSome(random.NextDouble());
                Fill(random.Next(3_000));
                RemoveSome(random.NextDouble());
                cache.Engine.CheckInvariants();
                cache.Engine.EndBulk();
                cache.Engine.CheckInvariants();
                RemoveSome(random.NextDouble() / 2);
                cache.Engine.CheckInvariants();
                Assert.Equal(model.Count, cache.Count);
                Assert.All(model, i => Assert.True(
                    cache.Get($"key{i}") is { } value && Is(value, i), $"seed {seed}, key {i}"));
            }

            void Fill(int count)
            {
                for (int i = 0; i < count; i++)
                {
                    int key = random.Next(20_000);
                    Assert.True(cache.Set($"key{key}", Value(key, 50 + (key % 3 * 200))));
                    model.Add(key);
                }
            }

            void RemoveSome(double share)
            {
                foreach (int key in model.Where(_ => random.NextDouble() < share).ToArray())
                {
                    Assert.True(cache.Remove($"key{key}"));
                    model.Remove(key);
                }
            }
        }
    }
}
