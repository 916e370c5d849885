using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.WebApi;

/// <summary>Finds products in the cache, or in the slow source if the cache does not have them.</summary>
internal sealed class ProductCatalog(IMemoryCache cache, ProductSource source)
{
    private static readonly TimeSpan s_staleAfter = TimeSpan.FromMinutes(10);

    /// <summary>Finds a product; null if there is none. The cache stores the null as well.</summary>
    public Task<Product?> FindAsync(int id, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync($"product:{id}", entry =>
        {
            entry.AbsoluteExpirationRelativeToNow = s_staleAfter;
            return source.ReadAsync(id, cancellationToken);
        });
}
