namespace BoundedCache.LoadService.Peers;

/// <summary>BoundedByteCache. Each hit copies the item out of native memory into an array of its own.</summary>
internal sealed class ByteItemCache(BoundedByteCache cache) : IItemCache
{
    public ValueTask<byte[]?> GetAsync(string key) => new(cache.Get(key));

    public ValueTask SetAsync(string key, byte[] item)
    {
        cache.Set(key, item);
        return ValueTask.CompletedTask;
    }

    public Task<CacheFigures> ReadAsync() =>
        Task.FromResult(new CacheFigures(cache.MaxMemory, cache.UsedMemory, cache.Count)
        {
            EffectiveMaxBytes = cache.EffectiveMaxMemory,
        });

    public async Task<string> SetLimitAsync(long maxBytes) => (await cache.SetMaxMemoryAsync(maxBytes)).ToString();

    public ValueTask DisposeAsync()
    {
        cache.Dispose();
        return ValueTask.CompletedTask;
    }
}
