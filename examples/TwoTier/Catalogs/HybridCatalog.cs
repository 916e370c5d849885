using Microsoft.Extensions.Caching.Hybrid;

namespace BoundedCache.TwoTier.Catalogs;

/// <summary>
/// Over HybridCache. It tells other nodes nothing: they see a change when their own copy expires. What Redis throws
/// counts as a miss, and a write that Redis refuses is left out; no request fails for it.
/// </summary>
internal sealed class HybridCatalog(HybridCache cache, ProductSource source) : IProductCatalog
{
    /// <summary>How old the copy of a node may be: so long may a change on another node stay unseen.</summary>
    private static readonly HybridCacheEntryOptions s_options = new()
    {
        Expiration = TimeSpan.FromMinutes(10),
        LocalCacheExpiration = TimeSpan.FromMinutes(1),
    };

    public Task<Product> FindAsync(int id, CancellationToken cancellationToken) => cache.GetOrCreateAsync(
        $"product:{id}",
        async token => await source.ReadAsync(id, token),
        s_options,
        cancellationToken: cancellationToken).AsTask();

    public async Task ChangeAsync(Product product, CancellationToken cancellationToken)
    {
        await source.WriteAsync(product, cancellationToken);
        await cache.SetAsync($"product:{product.Id}", product, s_options, cancellationToken: cancellationToken);
    }
}
