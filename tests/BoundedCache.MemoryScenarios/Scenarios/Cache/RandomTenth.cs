namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>
/// Uses of a random tenth of a cache, so that what survives a shrink to a tenth lies scattered over the whole heap.
/// </summary>
internal static class RandomTenth
{
    public static void Use(BoundedMemoryCache cache, Random random)
    {
        foreach (object key in cache.Keys.Where(_ => random.Next(10) == 0).ToArray())
        {
            cache.TryGetValue(key, out _);
        }
    }
}
