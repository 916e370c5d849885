using System.Runtime.CompilerServices;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.MemoryScenarios.Shapes;

/// <summary>
/// What a cache full of one shape says that it uses, and what the collector says that it keeps alive, in bytes.
/// </summary>
internal readonly record struct ShapeAccount(long UsedBytes, long AliveBytes)
{
    /// <summary>The share by which the charge is above (or below) the collector's count.</summary>
    public double Error => ((double)UsedBytes / AliveBytes) - 1;

    /// <summary>Fills a cache and counts. Nothing else may run in the process.</summary>
    public static ShapeAccount Take(Shape shape)
    {
        // What is made on the way to the first of its kind is not what the cache keeps.
        Fill(shape, 3).Dispose();
        long before = LiveHeap.Bytes();
        BoundedMemoryCache cache = Fill(shape, shape.Entries);
        long alive = LiveHeap.Bytes() - before;
        var account = new ShapeAccount(cache.UsedMemory, alive);
        cache.Dispose();
        return account;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static BoundedMemoryCache Fill(Shape shape, int entries)
    {
        var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = long.MaxValue });
        for (int i = 0; i < entries; i++)
        {
            using ICacheEntry entry = cache.CreateEntry(shape.Key(i));
            entry.Value = shape.Value(i);
        }

        return cache;
    }
}
