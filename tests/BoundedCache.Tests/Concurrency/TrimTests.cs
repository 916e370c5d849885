using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>Chunks that are needed again while they are being emptied.</summary>
[Collection(StressTests.Name)]
public class TrimTests
{
    private const int Chunk = SlotStore.ChunkSize;

    /// <remarks>
    /// Emptying resumed where it had stopped, after slots that were taken meanwhile: the chunk never became empty,
    /// and trimming never ended.
    /// </remarks>
    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void A_chunk_whose_emptying_was_broken_off_is_emptied_from_its_beginning_next_time(EvictionPolicy policy)
    {
        using BoundedMemoryCache cache = Make(policy);
        int next = 0;
        for (; next < (5 * Chunk) + 1500; next++)
        {
            Set(cache, next);
        }

        // The last chunk, some of whose slots were never used, loses most of its entries, and the others lose many,
        // one by one, until it is nearly empty.
        for (int i = 5 * Chunk; i < next - 200; i++)
        {
            cache.Remove(i);
        }

        SlotAllocator allocator = cache.Engine.Allocator;
        for (int i = 0; allocator.Draining < 0 || allocator.State(allocator.Draining).InUse > 50; i += 2)
        {
            Assert.True(i < 5 * Chunk, "the table did not do what this test is about");
            cache.Remove(i);
        }

        // All other free slots are taken, so that the chunk is needed again, and then some of its own are taken.
        for (int chunk = allocator.Draining; allocator.Draining >= 0 || allocator.State(chunk).InUse < 100;)
        {
            Set(cache, next++);
        }

        // It is the sparsest again, but its entries are now in slots that the emptying had already passed.
        foreach (int key in cache.Keys.Cast<int>().Take(5 * Chunk).Where(static (_, i) => i % 2 == 0).ToList())
        {
            cache.Remove(key);
        }

        using var trimmed = new ManualResetEventSlim();
        new Thread(() =>
        {
            cache.Compact(0);
            trimmed.Set();
        })
        { IsBackground = true }.Start();
        Assert.True(trimmed.Wait(TimeSpan.FromSeconds(30)), "trimming does not end");
        InvariantChecker.Check(cache.Engine);
        Assert.False(cache.Engine.Allocator.HasSpareChunk);
    }

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public async Task Readers_find_every_entry_while_the_table_gets_short_and_long_in_turns(EvictionPolicy policy)
    {
        const int Kept = 20;
        using BoundedMemoryCache cache = Make(policy);
        using var stop = new CancellationTokenSource();
        Enumerable.Range(0, Kept).ToList().ForEach(key => Set(cache, key));
        int missed = 0;
        Task[] readers =
        [
            .. Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    for (int key = 0; !stop.IsCancellationRequested; key = (key + 1) % Kept)
                    {
                        missed += cache.TryGetValue(key, out _) ? 0 : 1;
                    }
                },
                TaskCreationOptions.LongRunning)),
        ];

        for (int round = 0; round < 100; round++)
        {
            int more = Kept + (round % 2 == 0 ? 100 : Chunk);
            for (int key = Kept; key < more; key++)
            {
                Set(cache, key);
            }

            for (int key = Kept; key < more; key++)
            {
                cache.Remove(key);
            }

            cache.Compact(0);
            Assert.Equal(32, cache.Engine.Allocator.Capacity);
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal(0, missed);
        InvariantChecker.Check(cache.Engine);
    }

    private static BoundedMemoryCache Make(EvictionPolicy policy) => new(new BoundedMemoryCacheOptions
    {
        MaxMemory = long.MaxValue,
        Sizing = EntrySizing.Declared,
        EvictionPolicy = policy,
        ReleaseMode = ReleaseMode.None,
    });

    private static void Set(BoundedMemoryCache cache, int key)
    {
        using ICacheEntry entry = cache.CreateEntry(key);
        entry.Value = key;
        entry.Size = 1;
    }
}
