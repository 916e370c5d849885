using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Concurrency.Tests;

/// <summary>Chunks that are being emptied when they are needed again.</summary>
public class TrimTests
{
    private const int Chunk = SlotStore.ChunkSize;

    private readonly BoundedMemoryCache _cache = new(new BoundedMemoryCacheOptions
    {
        MaxMemory = long.MaxValue,
        Sizing = EntrySizing.Declared,
        ReleaseMode = ReleaseMode.None,
    });

    /// <remarks>Emptying went on where it had stopped, past slots taken since: the chunk was never empty, and trimming never ended.</remarks>
    [Fact]
    public void A_chunk_whose_emptying_was_broken_off_is_emptied_from_its_beginning_next_time()
    {
        int next = 0;
        for (; next < 6 * Chunk; next++)
        {
            Set(next);
        }

        // The first chunk loses most of its entries and the others a good part, one by one, until its emptying has begun.
        int other = Chunk;
        for (int i = 0; i < Chunk - 200; i++)
        {
            _cache.Remove(i);
        }

        while (_cache.Engine.Allocator.Draining is var draining && (draining < 0 || _cache.Engine.Allocator.State(draining).InUse > 50))
        {
            Assert.True(other < next, "the table did not do what this test is about");
            _cache.Remove(other);
            other += 2;
        }

        int drained = _cache.Engine.Allocator.Draining;

        // All other free slots are taken, then the chunk's own.
        while (_cache.Engine.Allocator.InUse < _cache.Engine.Allocator.Capacity)
        {
            Set(next++);
        }

        Assert.True(_cache.Engine.Allocator.Draining < 0);
        List<int> inDrained = [];
        for (int index = drained << SlotStore.ChunkShift; index < (drained + 1) << SlotStore.ChunkShift; index++)
        {
            inDrained.Add((int)_cache.Engine.Store.Slot(index).Key!);
        }

        // It becomes the sparsest again, with only its first slots in use.
        foreach (int key in inDrained.Skip(50))
        {
            _cache.Remove(key);
        }

        foreach (int key in _cache.Keys.Cast<int>().Except(inDrained).Where(static (_, i) => i % 2 == 0).ToList())
        {
            _cache.Remove(key);
        }

        using var trimmed = new ManualResetEventSlim();
        new Thread(() =>
        {
            _cache.Compact(0);
            trimmed.Set();
        })
        { IsBackground = true }.Start();
        Assert.True(trimmed.Wait(TimeSpan.FromSeconds(30)), "trimming does not end");
        InvariantChecker.Check(_cache.Engine);
        Assert.False(_cache.Engine.Allocator.HasSpareChunk);
    }

    private void Set(int key)
    {
        using ICacheEntry entry = _cache.CreateEntry(key);
        entry.Value = key;
        entry.Size = 1;
    }
}
