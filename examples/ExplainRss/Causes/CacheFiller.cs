namespace BoundedCache.ExplainRss.Causes;

/// <summary>Makes caches that are full.</summary>
internal static class CacheFiller
{
    /// <summary>Fills a cache with values of 1 KiB up to its limit.</summary>
    public static BoundedMemoryCache Fill(long maxMemory)
    {
        var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = maxMemory, Name = "explain-rss" });
        for (long entry = 0; entry < maxMemory / 1024; entry++)
        {
            cache.Set(entry, new byte[1024]);
        }

        return cache;
    }
}
