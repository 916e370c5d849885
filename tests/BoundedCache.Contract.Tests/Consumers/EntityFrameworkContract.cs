using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// Entity Framework Core, which keeps its models and compiled queries in the cache that <c>UseMemoryCache</c> gives it,
/// with sizes of 10 to 150.
/// </summary>
public abstract class EntityFrameworkContract(CacheKind kind) : CacheContract(kind)
{
    /// <summary>The limit that Entity Framework sets for a cache of its own.</summary>
    private const long ItsOwnLimit = 10_240;

    [Fact]
    public async Task Queries_are_compiled_once_and_models_built_once()
    {
        Setup = new() { SizeLimit = ItsOwnLimit, TrackStatistics = true };
        await QueryAsync(Cache);
        int entries = Tested.Count;
        long size = Tested.Size;
        long misses = Cache.GetCurrentStatistics()!.TotalMisses;
        Assert.InRange(entries, 3, 50);
        Assert.InRange(size, 10 * entries, 150 * entries);

        await QueryAsync(Cache);
        MemoryCacheStatistics statistics = Cache.GetCurrentStatistics()!;
        Assert.Equal((entries, size, misses), (Tested.Count, Tested.Size, statistics.TotalMisses));
        Assert.True(statistics.TotalHits > 0);
    }

    [Fact]
    public async Task It_works_where_nobody_set_a_limit_in_sizes()
    {
        Setup = new() { TrackStatistics = true };
        await QueryAsync(Cache);
        int entries = Tested.Count;
        await QueryAsync(Cache);

        Assert.InRange(entries, 3, 50);
        Assert.Equal(entries, Tested.Count);
        Assert.Empty(Log.Errors);
    }

    [Fact]
    public async Task It_works_though_hardly_anything_fits()
    {
        Setup = new() { SizeLimit = 20 };
        await QueryAsync(Cache);
        await QueryAsync(Cache);

        Assert.InRange(Tested.Size, 0, 20);
    }

    private static async Task QueryAsync(IMemoryCache cache)
    {
        DbContextOptions<Shop> options = new DbContextOptionsBuilder<Shop>()
            .UseInMemoryDatabase(Guid.NewGuid().ToString())
            .UseMemoryCache(cache)
            .Options;
        using (var shop = new Shop(options))
        {
            shop.Products.AddRange(
                Enumerable.Range(1, 20).Select(static i => new Product { Id = i, Name = $"product {i}", Price = i }));
            Assert.Equal(20, await shop.SaveChangesAsync());
        }

        using (var shop = new Shop(options))
        {
            decimal limit = 10;
            Assert.Equal(10, await shop.Products.CountAsync(product => product.Price <= limit));
            limit = 5;
            Assert.Equal(5, await shop.Products.CountAsync(product => product.Price <= limit));
            Assert.Equal(
                "product 20",
                (await shop.Products.OrderByDescending(static product => product.Price).FirstAsync()).Name);
            Assert.Equal("product 7", (await shop.Products.FindAsync(7))!.Name);
        }
    }

    public sealed class OnMemoryCache() : EntityFrameworkContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : EntityFrameworkContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : EntityFrameworkContract(CacheKind.ScanResistant);

    public sealed class Shop(DbContextOptions<Shop> options) : DbContext(options)
    {
        public DbSet<Product> Products => Set<Product>();
    }

    public sealed class Product
    {
        public int Id { get; set; }

        public required string Name { get; set; }

        public decimal Price { get; set; }
    }
}
