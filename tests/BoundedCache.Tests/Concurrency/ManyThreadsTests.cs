using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>Threads that start and end: touch buffers are chosen by thread number, which the runtime reuses.</summary>
public abstract class ManyThreadsTests
{
    private const int KeyCount = 500;

    private readonly BoundedMemoryCache _cache;
    private readonly EvictionPolicy _policy;

    private protected ManyThreadsTests(EvictionPolicy policy)
    {
        _policy = policy;
        _cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = KeyCount,
            Sizing = EntrySizing.Declared,
            ReleaseMode = ReleaseMode.None,
            TrackStatistics = true,
            EvictionPolicy = policy,
        });
        for (int i = 0; i < KeyCount; i++)
        {
            Set(i);
        }
    }

    [Fact]
    public void Two_hundred_short_lived_threads_touch_and_every_hit_and_miss_is_counted()
    {
        const int Threads = 200;
        const int Hits = 700;
        const int Misses = 300;
        for (int wave = 0; wave < 10; wave++)
        {
            RunThreads(Threads / 10, thread =>
            {
                for (int i = 0; i < Hits; i++)
                {
                    Assert.True(_cache.TryGetValue((thread + i) % KeyCount, out _));
                }

                for (int i = 0; i < Misses; i++)
                {
                    Assert.False(_cache.TryGetValue(-1 - i, out _));
                }

                // This changes the order, so that touches are applied while others arrive.
                Set(thread);
            });
        }

        MemoryCacheStatistics statistics = _cache.GetCurrentStatistics()!;
        Assert.Equal(Threads * Hits, statistics.TotalHits);
        Assert.Equal(Threads * Misses, statistics.TotalMisses);
        InvariantChecker.Check(_cache.Engine);
        CheckOrderIsLive();
    }

    /// <remarks>
    /// More threads at one time than there are buffers: the others touch under the lock and count together.
    /// </remarks>
    [Fact]
    public void Threads_beyond_the_number_of_buffers_are_counted_too()
    {
        const int Threads = 1100;
        const int Hits = 20;
        using var allAlive = new Barrier(Threads);
        RunThreads(Threads, thread =>
        {
            allAlive.SignalAndWait();
            for (int i = 0; i < Hits; i++)
            {
                Assert.True(_cache.TryGetValue((thread + i) % KeyCount, out _));
            }

            Assert.False(_cache.TryGetValue(-1, out _));
        });

        MemoryCacheStatistics statistics = _cache.GetCurrentStatistics()!;
        Assert.Equal(Threads * Hits, statistics.TotalHits);
        Assert.Equal(Threads, statistics.TotalMisses);
        InvariantChecker.Check(_cache.Engine);
        CheckOrderIsLive();
    }

    /// <summary>
    /// Checks that a touch still counts: by LRU the last used entry survives all others. The other policy takes all
    /// that were used often for equal.
    /// </summary>
    private void CheckOrderIsLive()
    {
        Assert.True(_cache.TryGetValue(7, out _));
        _cache.MaxMemory = 1;
        object left = Assert.Single(_cache.Keys);
        Assert.True(left is 7 || _policy == EvictionPolicy.ScanResistant, $"{left} is left");
        InvariantChecker.Check(_cache.Engine);
    }

    private static void RunThreads(int count, Action<int> work)
    {
        Exception? failure = null;
        Thread[] threads = [.. Enumerable.Range(0, count).Select(thread => new Thread(
            () =>
            {
                try
                {
                    work(thread);
                }
#pragma warning disable CA1031 // Carried to the test.
                catch (Exception thrown)
#pragma warning restore CA1031
                {
                    Interlocked.CompareExchange(ref failure, thrown, null);
                }
            },
            maxStackSize: 256 * 1024)
        { IsBackground = true })];
        Array.ForEach(threads, static thread => thread.Start());
        Assert.All(threads, static thread => Assert.True(thread.Join(TimeSpan.FromMinutes(1)), "a thread hangs"));
        Assert.Null(failure);
    }

    private void Set(int key)
    {
        using ICacheEntry entry = _cache.CreateEntry(key);
        entry.Value = key;
        entry.Size = 1;
    }

    [Collection(StressTests.Name)]
    public sealed class LeastRecentlyUsed() : ManyThreadsTests(EvictionPolicy.LeastRecentlyUsed);

    [Collection(StressTests.Name)]
    public sealed class ScanResistant() : ManyThreadsTests(EvictionPolicy.ScanResistant);
}
