using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures;

/// <summary>The caches that are measured, and how they are filled.</summary>
internal static class Caches
{
    public static BoundedMemoryCache Bounded(
        long maxMemory = long.MaxValue, ReleaseMode releaseMode = ReleaseMode.None, bool statistics = false) =>
        new(new BoundedMemoryCacheOptions
        {
            MaxMemory = maxMemory,
            ReleaseMode = releaseMode,
            TrackStatistics = statistics,
        });

    public static MemoryCache Microsoft(long? sizeLimit = null) =>
        new(new MemoryCacheOptions { SizeLimit = sizeLimit });

    public static string Key(int number) => EntryKey.Create(number);

    /// <summary>Fills a cache with new arrays of 1 KiB under keys of 24 characters.</summary>
    public static void Fill(IMemoryCache cache, int entries, int valueBytes = 1024)
    {
        for (int i = 0; i < entries; i++)
        {
            using ICacheEntry entry = cache.CreateEntry(Key(i));
            entry.Value = new byte[valueBytes];
            entry.Size = valueBytes;
        }
    }
}
