using BoundedCache.TestSupport;

using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>Random operations against a dictionary that remembers what was stored last.</summary>
public sealed class ByteModelTests
{
    [Theory]
    [InlineData(1, 4 * MiB, 3_000, 400, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(2, 300 * 1024, 60_000, 100, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(3, 16 * MiB, 300_000, 200, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(4, 2 * MiB, 200, 20_000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(5, 8 * MiB, 20_000, 2_000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(6, 300 * 1024, 60_000, 100, EvictionPolicy.ScanResistant)]
    [InlineData(7, 16 * MiB, 300_000, 200, EvictionPolicy.ScanResistant)]
    [InlineData(8, 2 * MiB, 200, 20_000, EvictionPolicy.ScanResistant)]
    [InlineData(9, 8 * MiB, 20_000, 2_000, EvictionPolicy.ScanResistant)]
    public void Random_operations_agree_with_a_model(
        int seed, long limit, int largest, int keys, EvictionPolicy policy) =>
        Run(seed, limit, largest, keys, 40_000_000, policy);

    [SoakTheory]
    [Trait("Category", "Soak")]
    [InlineData(11, 64 * MiB, 3_000, 40_000)]
    [InlineData(12, 64 * MiB, 300_000, 2_000)]
    public void A_billion_bytes_agree_with_a_model(int seed, long limit, int largest, int keys) =>
        Run(seed, limit, largest, keys, 1_000_000_000);

    private static void Run(
        int seed,
        long limit,
        int largest,
        int keys,
        long bytes,
        EvictionPolicy policy = EvictionPolicy.LeastRecentlyUsed)
    {
        var random = new Random(seed);
        var model = new Dictionary<string, (int Seed, int Length)>();
        using BoundedByteCache cache = Make(limit, policy: policy);
        long written = 0;
        long looks = 0;
        long hits = 0;
        byte[] buffer = new byte[largest];
        for (int step = 0; written < bytes; step++)
        {
            string key = (random.Next(3) == 0 ? "k\u0142" : "k") + random.Next(keys);
            switch (random.Next(100))
            {
                case < 45:
                    int length = (int)(largest * Math.Pow(random.NextDouble(), 3));
                    Fill(buffer.AsSpan(0, length), step);
                    bool isStored = cache.Set(key, buffer.AsSpan(0, length));
                    written += length + 50;
                    model.Remove(key);
                    if (isStored)
                    {
                        model[key] = (step, length);
                    }

                    break;
                case < 90:
                    byte[]? value = step % 2 == 0 ? cache.Get(key) : Read(cache, key);
                    looks++;
                    if (value is not null)
                    {
                        hits++;
                        Assert.True(model.TryGetValue(key, out (int Seed, int Length) stored), $"{key} is gone");
                        Assert.Equal(stored.Length, value.Length);
                        Assert.True(Is(value, stored.Seed), $"{key} holds bytes of another value");
                    }

                    break;
                case < 97:
                    cache.Remove(key);
                    model.Remove(key);
                    break;
                case 97 when random.Next(50) == 0:
                    cache.MaxMemory = random.Next(2) == 0 ? limit : limit / (1 + random.Next(8));
                    break;
                case 98 when random.Next(300) == 0:
                    cache.Compact(random.NextDouble());
                    break;
                case 99 when random.Next(500) == 0:
                    cache.RemoveByPrefix("k\u0142");
                    foreach (string gone in model.Keys.Where(static k => k.StartsWith("k\u0142")).ToList())
                    {
                        model.Remove(gone);
                    }

                    break;
                default:
                    break;
            }

            Assert.True(cache.UsedMemory <= cache.MaxMemory);
            if (step % 2_000 == 0)
            {
                cache.Engine.CheckInvariants();
            }
        }

        cache.Engine.CheckInvariants();
        Assert.True(hits * 20 > looks, $"{hits} hits of {looks}");
        CacheSnapshot snapshot = cache.GetSnapshot();
        Assert.Equal(snapshot.Insertions - snapshot.Evictions.All.Entries, snapshot.Count);
    }
}
