using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Xunit.Abstractions;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// Many threads replace, remove and read a few entries of a full cache. The count of sizes must stay between nothing
/// and the limit, and be right in the end.
/// </summary>
public sealed class ReplaceStormTests(ITestOutputHelper output)
{
    private const long SizeLimit = 100;
    private const int Threads = 4;

    [Theory]
    [InlineData(1, CacheKind.BoundedMemoryCache)]
    [InlineData(8, CacheKind.BoundedMemoryCache)]
    [InlineData(1000, CacheKind.BoundedMemoryCache)]
    [InlineData(1, CacheKind.ScanResistant)]
    [InlineData(8, CacheKind.ScanResistant)]
    [InlineData(1000, CacheKind.ScanResistant)]
    public void The_count_never_drifts(int keys, CacheKind kind) =>
        RunOnBounded(keys, kind, static operations => operations < 50_000);

    [SoakTheory]
    [Trait("Category", "Soak")]
    [InlineData(1, CacheKind.BoundedMemoryCache)]
    [InlineData(8, CacheKind.BoundedMemoryCache)]
    [InlineData(1000, CacheKind.BoundedMemoryCache)]
    [InlineData(1, CacheKind.ScanResistant)]
    [InlineData(8, CacheKind.ScanResistant)]
    [InlineData(1000, CacheKind.ScanResistant)]
    public void The_count_never_drifts_in_a_long_storm(int keys, CacheKind kind) =>
        RunOnBounded(keys, kind, Until(Soak.Duration!.Value));

    /// <summary>What MemoryCache does in the same storm. Run by name, for it depends on how threads meet.</summary>
    [SoakFact]
    [Trait("Category", "Soak")]
    public void The_count_of_MemoryCache_drifts_below_zero_and_stays_there()
    {
        using TestedCache cache = TestedCache.Create(
            CacheKind.MemoryCache, new() { SizeLimit = SizeLimit }, new(), log: null);
        (long lowest, _, long operations) = Rage(cache, keys: 8, Until(Soak.Duration!.Value));
        RemoveAll(cache, keys: 8);
        output.WriteLine($"{operations:N0} operations: lowest {lowest}, with no entry left {cache.Size}");
        cache.Cache.Set("new", 1, new MemoryCacheEntryOptions { Size = 1 });

        Assert.True(cache.Size < 0, "it did not drift");
        Assert.False(cache.Cache.TryGetValue("new", out _));
    }

    private static Func<long, bool> Until(TimeSpan duration)
    {
        long started = TimeProvider.System.GetTimestamp();
        return operations => operations % 64 != 0 || TimeProvider.System.GetElapsedTime(started) < duration;
    }

    private void RunOnBounded(int keys, CacheKind kind, Func<long, bool> goesOn)
    {
        using TestedCache cache = TestedCache.Create(kind, new() { SizeLimit = SizeLimit }, new(), log: null);
        (long lowest, long highest, long operations) = Rage(cache, keys, goesOn);
        output.WriteLine($"{operations:N0} operations, sizes from {lowest} to {highest}");
        Assert.InRange(lowest, 0, SizeLimit);
        Assert.InRange(highest, 0, SizeLimit);
        cache.CheckInvariants();

        RemoveAll(cache, keys);
        Assert.Equal((0, 0L), (cache.Count, cache.Size));
        cache.Cache.Set("new", 1, new MemoryCacheEntryOptions { Size = SizeLimit });
        Assert.True(cache.Cache.TryGetValue("new", out _));
    }

    private static void RemoveAll(TestedCache cache, int keys)
    {
        for (int key = 0; key < keys; key++)
        {
            cache.Cache.Remove(key);
        }
    }

    private static (long Lowest, long Highest, long Operations) Rage(
        TestedCache cache, int keys, Func<long, bool> goesOn)
    {
        (long lowest, long highest, long operations) = (0, 0, 0);
        object gate = new();
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(seed => new Thread(() =>
        {
            var random = new Random(seed);
            (long low, long high, long done) = (0, 0, 0);
            for (; goesOn(done); done++)
            {
                Act(cache.Cache, random, random.Next(keys));
                long size = cache.Size;
                (low, high) = (Math.Min(low, size), Math.Max(high, size));
            }

            lock (gate)
            {
                (lowest, highest, operations) = (Math.Min(lowest, low), Math.Max(highest, high), operations + done);
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        return (lowest, highest, operations);
    }

    private static void Act(IMemoryCache cache, Random random, int key)
    {
        switch (random.Next(4))
        {
            case 0:
                cache.Remove(key);
                break;
            case 1:
                cache.TryGetValue(key, out _);
                break;
            default:
                cache.Set(key, key, new MemoryCacheEntryOptions { Size = random.Next(1, (int)SizeLimit + 1) });
                break;
        }
    }
}
