using BoundedCache;

/// <summary>The same work in every program; what it comes to is the same everywhere.</summary>
internal static class Counts
{
    /// <summary>The limit that the cache needs, in bytes.</summary>
    public const long MaxMemory = 256 * 1024;

    /// <summary>Fills a cache, lowers its limit, and says in one line what was counted.</summary>
    public static async Task<string> OfAsync(BoundedMemoryCache cache)
    {
        for (int number = 0; number < 1000; number++)
        {
            cache.Set($"key {number:D4}", new byte[1000]);
        }

        (int Count, long Used) filled = (cache.Count, cache.UsedMemory);
        ShrinkReport report = await cache.SetMaxMemoryAsync(MaxMemory / 4);
        return $"counts: {filled.Count} entries of {filled.Used} bytes; evicted {report.EntriesEvicted}; "
            + $"left {cache.Count} of {cache.UsedMemory} bytes; newest {cache.TryGetValue("key 0999", out _)}";
    }
}
