using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.WebApi;

/// <summary>The products, from the cache where they are there, and from the slow source where they are not.</summary>
internal sealed class ProductCatalog(IMemoryCache cache, ProductSource source)
{
    private static readonly TimeSpan s_staleAfter = TimeSpan.FromMinutes(10);

    /// <summary>Finds a product; null where there is none, which is remembered as well.</summary>
    public Task<Product?> FindAsync(int id, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync($"product:{id}", entry =>
        {
            entry.AbsoluteExpirationRelativeToNow = s_staleAfter;
            return source.ReadAsync(id, cancellationToken);
        });
}
