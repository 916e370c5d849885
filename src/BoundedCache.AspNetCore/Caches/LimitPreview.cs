namespace BoundedCache.AspNetCore.Caches;

/// <summary>
/// What a limit would evict if it were set now: an estimate, for it takes entries to be of the same size, and
/// the cache goes on working.
/// </summary>
internal sealed record LimitPreview(
    string CacheName, long OldMaxBytes, long NewMaxBytes, long UsedBytes, long EntriesToEvict, long BytesToEvict)
{
    public static LimitPreview Create(CacheSnapshot cache, long newMaxBytes)
    {
        long bytes = Math.Max(0, cache.UsedMemory - newMaxBytes);
        long entries = bytes == 0 ? 0 : Math.Clamp(
            (long)Math.Ceiling((double)bytes / cache.UsedMemory * cache.Count), 1, Math.Max(1, cache.Count));
        return new LimitPreview(cache.Name, cache.MaxMemory, newMaxBytes, cache.UsedMemory, entries, bytes);
    }
}
