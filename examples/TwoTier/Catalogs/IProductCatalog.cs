namespace BoundedCache.TwoTier.Catalogs;

/// <summary>Finds and changes products, through two levels of caches.</summary>
internal interface IProductCatalog
{
    /// <summary>Finds a product: in this process, in Redis, or in the source.</summary>
    Task<Product> FindAsync(int id, CancellationToken cancellationToken);

    /// <summary>Changes a product in the source and in both levels.</summary>
    Task ChangeAsync(Product product, CancellationToken cancellationToken);
}
