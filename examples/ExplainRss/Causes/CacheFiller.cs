namespace BoundedCache.ExplainRss.Causes;

/// <summary>Creates full caches.</summary>
internal static class CacheFiller
{
    /// <summary>Fills a cache with values of 1 KiB up to its limit.</summary>
    /// <param name="maxMemory">The limit in bytes.</param>
    /// <param name="paced">
    /// Whether pacing may collect. A collection that it began during the filling may end later, and collect
    /// what is evicted right after.
    /// </param>
    public static BoundedMemoryCache Fill(long maxMemory, bool paced = true)
    {
        var options = new BoundedMemoryCacheOptions { MaxMemory = maxMemory, Name = "explain-rss" };
        options.PacingShare = paced ? options.PacingShare : 0;
        var cache = new BoundedMemoryCache(options);
        for (long entry = 0; entry < maxMemory / 1024; entry++)
        {
            cache.Set(entry, new byte[1024]);
        }

        return cache;
    }
}
