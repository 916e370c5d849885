namespace BoundedCache.LoadService.Peers;

/// <summary>A cache as this service uses one, whoever made it. Thread-safe.</summary>
internal interface IItemCache : IAsyncDisposable
{
    /// <summary>Looks an item up; null where it is not there.</summary>
    ValueTask<byte[]?> GetAsync(string key);

    /// <summary>Stores an item.</summary>
    ValueTask SetAsync(string key, byte[] item);

    /// <summary>What the cache says of itself.</summary>
    Task<CacheFigures> ReadAsync();

    /// <summary>Sets the limit by whatever means the cache has.</summary>
    /// <param name="maxBytes">The new limit.</param>
    /// <returns>What was done, as a few words.</returns>
    Task<string> SetLimitAsync(long maxBytes);
}
