using BoundedCache.Engine;
using BoundedCache.Harness.Traces;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

/// <summary>
/// Compares the cache with a textbook LRU on a whole trace: the same requests must miss, one by one. It is longer than
/// <see cref="ModelTests"/> can afford, so that chunks fill, buckets split, and touches are applied in full
/// batches, hundreds of times.
/// </summary>
public class ReplayTests
{
    private const int Requests = 100_000;

    [Theory]
    [InlineData(0.001)]
    [InlineData(0.01)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void A_hundred_thousand_requests_with_sizes_in_bytes_miss_exactly_what_a_textbook_LRU_misses(double share)
    {
        var trace =
            new SyntheticTrace { Keys = 20_000, Requests = Requests, MinBytes = 1, MaxBytes = 100_000, Seed = 5 };
        long limit = (long)(trace.TotalBytes * share);
        var textbook = new TextbookLru(limit);
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions
            {
                MaxMemory = limit,
                Sizing = EntrySizing.Declared,
                ReleaseMode = ReleaseMode.None,
            });
        (long misses, long missBytes) = (0, 0);
        foreach ((int number, TraceRequest request) in trace.Generate().Index())
        {
            bool expected = textbook.Request(request);
            bool found = cache.TryGetValue(request.Key, out _);

            if (expected != found)
            {
                Assert.Fail($"request {number}, {request}, at {ByteSize.Format(limit)}: "
                    + $"the textbook {(expected ? "hits" : "misses")}");
            }

            if (!found)
            {
                misses++;
                missBytes += request.SizeBytes;
                using ICacheEntry entry = cache.CreateEntry(request.Key);
                entry.Value = request;
                entry.Size = request.SizeBytes;
            }
        }

        // A trace that only hits or only misses would prove nothing.
        Assert.InRange(misses, Requests / 20, Requests * 19 / 20);
        Assert.True(missBytes > limit || share == 1, "nothing was ever evicted");
        InvariantChecker.Check(cache.Engine);
    }
}
