using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Contract.Tests;

/// <summary>docs/RECIPES.md: Entity Framework Core's compiled queries in a cache of their own.</summary>
public sealed class EntityFrameworkRecipe
{
    [Fact]
    public async Task Compiled_queries_have_a_cache_of_their_own()
    {
        IServiceCollection services = new ServiceCollection();
        string database = Guid.NewGuid().ToString();
        // PAGE begins
        services.AddKeyedBoundedMemoryCache("queries", options => options.MaxMemory = 64 << 20);
        services.AddDbContext<Shop>((provider, options) => options
            .UseInMemoryDatabase(database)
            .UseMemoryCache(provider.GetRequiredKeyedService<IMemoryCache>("queries")));
        // PAGE ends
        using ServiceProvider provider = services.BuildServiceProvider();
        BoundedMemoryCache queries = provider.GetRequiredKeyedService<BoundedMemoryCache>("queries");
        using IServiceScope scope = provider.CreateScope();
        Shop shop = scope.ServiceProvider.GetRequiredService<Shop>();
        shop.Products.Add(new Product { Id = 1, Name = "tea" });
        await shop.SaveChangesAsync();
        Assert.Equal(1, await shop.Products.CountAsync());
        (int entries, long used) = (queries.Count, queries.UsedMemory);

        Assert.Equal(1, await shop.Products.Where(static product => product.Name == "tea").CountAsync());
        Assert.True(queries.Count > entries);
        Assert.InRange((queries.UsedMemory - used) / (queries.Count - entries), 10_000, 100_000);
        (entries, used) = (queries.Count, queries.UsedMemory);
        Assert.Equal(1, await shop.Products.Where(static product => product.Name == "tea").CountAsync());
        Assert.Equal((entries, used), (queries.Count, queries.UsedMemory));
    }

    public sealed class Shop(DbContextOptions<Shop> options) : DbContext(options)
    {
        public DbSet<Product> Products => Set<Product>();
    }

    public sealed class Product
    {
        public int Id { get; set; }

        public required string Name { get; set; }
    }
}
