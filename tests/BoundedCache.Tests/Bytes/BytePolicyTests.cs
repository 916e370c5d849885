using System.Globalization;
using System.IO.Compression;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>The scan-resistant policy of the byte cache against that of the object cache, and against LRU.</summary>
public sealed class BytePolicyTests
{
    [Theory]
    [InlineData("cdn-adaptsize", 28_043_124, 1, 0.02)]
    [InlineData("web12+size", 4_296_388, 8, 0.04)]
    [InlineData("lirs-multi3+size", 2_317_653, 4, 0.08)]
    public void It_misses_what_the_object_cache_misses_with_the_same_sizes(
        string trace, int limit, int scale, double gain)
    {
        // Sizes and limit are scaled, so that a few pages for each size class are little.
        List<(string Key, int Size)> requests = Read(trace, scale);
        limit *= scale;
        double bytes = Replay(requests, limit, EvictionPolicy.ScanResistant, out long charges);
        double objects = ReplayObjects(requests, charges);
        double leastRecentlyUsed = Replay(requests, limit, EvictionPolicy.LeastRecentlyUsed, out _);

        Assert.InRange(bytes, objects - 0.01, objects + 0.01);
        Assert.True(bytes > leastRecentlyUsed + gain, $"{bytes:P2} instead of {leastRecentlyUsed:P2}");
    }

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void A_cache_of_any_number_of_entries_that_is_emptied_holds_nothing(EvictionPolicy policy)
    {
        using BoundedByteCache cache = Make(MiB, policy: policy);
        for (int entries = 1; entries < 2_000; entries += 1 + (entries / 5))
        {
            cache.MaxMemory = MiB;
            for (int i = 0; i < entries; i++)
            {
                Assert.True(cache.Set($"k{i}", Value(i, 100)));
            }

            cache.Clear();
            Assert.Equal((entries, 0), (entries, cache.UsedMemory));
            Assert.True(cache.Set("k", [1]));
            cache.MaxMemory = 1;
            Assert.Equal((entries, 0), (entries, cache.UsedMemory));
        }

        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_scan_evicts_little_of_what_is_in_use()
    {
        using BoundedByteCache cache = Make(8 * MiB, policy: EvictionPolicy.ScanResistant);
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 3_000; i++)
            {
                if (cache.Get($"used{i}") is null)
                {
                    cache.Set($"used{i}", Value(i, 1_000));
                }
            }
        }

        for (int i = 0; i < 50_000; i++)
        {
            cache.Set($"once{i}", Value(i, 1_000));
        }

        Assert.InRange(Enumerable.Range(0, 3_000).Count(i => cache.Get($"used{i}") is not null), 2_900, 3_000);
        Assert.True(cache.UsedMemory <= cache.MaxMemory);
        Assert.Equal(EvictionPolicy.ScanResistant, cache.GetSnapshot().EvictionPolicy);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void What_it_remembers_is_within_the_limit_and_goes_with_the_entries()
    {
        using BoundedByteCache cache = Make(8 * MiB, policy: EvictionPolicy.ScanResistant);
        for (int i = 0; i < 200_000; i++)
        {
            cache.Set($"k{i}", Value(i, 50));
        }

        Assert.InRange(cache.UsedMemory, 7 * MiB, 8 * MiB);
        Assert.InRange(cache.Engine.ManagedBytes, cache.Count * 10, cache.Count * 15);
        cache.Engine.CheckInvariants();
        cache.MaxMemory = MiB;
        Assert.InRange(cache.Engine.ManagedBytes, 1, cache.Count * 24);
        Assert.InRange(cache.UsedMemory, MiB / 2, MiB);
        cache.Clear();
        Assert.Equal(0, cache.UsedMemory);
        cache.Engine.CheckInvariants();
    }

    /// <param name="requests">The trace.</param>
    /// <param name="limit">The limit in bytes.</param>
    /// <param name="policy">Which entries are evicted first.</param>
    /// <param name="charges">
    /// What the entries are counted with, on average over the second half. At a single moment it depends on what is
    /// free in the pages.
    /// </param>
    private static double Replay(
        List<(string Key, int Size)> requests, long limit, EvictionPolicy policy, out long charges)
    {
        using BoundedByteCache cache = Make(limit, policy: policy);
        byte[] values = new byte[requests.Max(static request => request.Size)];
        int hits = 0;
        long stored = 0;
        double sum = 0;
        for (int i = 0; i < requests.Count; i++)
        {
            (string key, int size) = requests[i];
            sum += i < requests.Count / 2 ? 0 : stored - cache.Engine.CreditedBytes;
            if (cache.Refresh(key))
            {
                hits++;
            }
            else if (cache.Set(key, values.AsSpan(0, size)))
            {
                stored += cache.Engine.ChargeOf(key.Length, size);
            }
        }

        cache.Engine.CheckInvariants();
        charges = (long)(sum / (requests.Count - (requests.Count / 2)));
        return hits / (double)requests.Count;
    }

    private static double ReplayObjects(List<(string Key, int Size)> requests, long limit)
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = limit,
            Sizing = EntrySizing.Declared,
            EvictionPolicy = EvictionPolicy.ScanResistant,
        });
        using BoundedByteCache measure = Make();
        int hits = 0;
        foreach ((string key, int size) in requests)
        {
            if (cache.TryGetValue(key, out _))
            {
                hits++;
            }
            else
            {
                cache.Set(key, "", new MemoryCacheEntryOptions { Size = measure.Engine.ChargeOf(key.Length, size) });
            }
        }

        return hits / (double)requests.Count;
    }

    private static List<(string Key, int Size)> Read(string trace, int scale)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "traces", trace + ".trace.gz");
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var requests = new List<(string, int)>();
        while (reader.ReadLine() is { } line)
        {
            string[] parts = line.Split(' ');
            requests.Add((parts[0], scale * int.Parse(parts[1], CultureInfo.InvariantCulture)));
        }

        return requests;
    }
}
