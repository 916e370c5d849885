namespace BoundedCache.LoadService.Peers;

/// <summary>BoundedCache. The runs set its limit through the admin endpoint; this way is for who has none.</summary>
internal sealed class BoundedItemCache(BoundedMemoryCache cache) : IItemCache
{
    public ValueTask<byte[]?> GetAsync(string key) =>
        new(cache.TryGetValue(key, out object? value) ? (byte[]?)value : null);

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
