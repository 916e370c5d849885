using ZiggyCreatures.Caching.Fusion;

namespace BoundedCache.TwoTier.Catalogs;

/// <summary>Over FusionCache, whose backplane tells the other nodes about a change.</summary>
internal sealed class FusionCatalog(IFusionCache cache, ProductSource source) : IProductCatalog
{
    public async Task<Product> FindAsync(int id, CancellationToken cancellationToken) =>
        await cache.GetOrSetAsync<Product>(
            $"product:{id}", async (_, token) => await source.ReadAsync(id, token), token: cancellationToken);

    public async Task ChangeAsync(Product product, CancellationToken cancellationToken)
    {
        await source.WriteAsync(product, cancellationToken);
        await cache.SetAsync($"product:{product.Id}", product, token: cancellationToken);
    }
}
