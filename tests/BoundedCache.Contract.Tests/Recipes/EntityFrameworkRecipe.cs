using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Contract.Tests;

/// <summary>docs/RECIPES.md: Entity Framework Core's compiled queries in a cache of their own.</summary>
/// <remarks>Alone, because it looks at the heap of the process.</remarks>
[Collection("alone")]
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
        Assert.InRange((queries.UsedMemory - used) / (queries.Count - entries), 10_000, 20_000);
        (entries, used) = (queries.Count, queries.UsedMemory);
        Assert.Equal(1, await shop.Products.Where(static product => product.Name == "tea").CountAsync());
        Assert.Equal((entries, used), (queries.Count, queries.UsedMemory));
    }

    [Fact]
    public async Task A_compiled_query_is_charged_what_the_heap_grows_by_and_what_it_shares()
    {
        const int Queries = 100;
        using BoundedMemoryCache queries = new(new BoundedMemoryCacheOptions { ReleaseMode = ReleaseMode.None });
        await using var shop = new Shop(new DbContextOptionsBuilder<Shop>()
            .UseInMemoryDatabase(Guid.NewGuid().ToString()).UseMemoryCache(queries).Options);

        // What all queries share comes with the first ones.
        await AskAsync(1000, 20);
        (int entries, long used, long heap) = (queries.Count, queries.UsedMemory, GC.GetTotalMemory(true));
        await AskAsync(0, Queries);
        long grown = GC.GetTotalMemory(true) - heap;
        (entries, used) = (queries.Count - entries, queries.UsedMemory - used);

        Assert.Equal(Queries, entries);

        // 1.9 was measured: objects that queries share are charged to each.
        Assert.InRange(used / (double)grown, 1, 3);
        Assert.InRange(used / Queries, 10_000, 20_000);

        async Task AskAsync(int first, int count)
        {
            for (int id = first; id < first + count; id++)
            {
                // The constant makes it another query; a variable would be a parameter of the same one.
                ParameterExpression product = Expression.Parameter(typeof(Product));
                BinaryExpression isId = Expression.Equal(
                    Expression.Property(product, nameof(Product.Id)), Expression.Constant(id));
                var hasId = Expression.Lambda<Func<Product, bool>>(isId, product);
                Assert.Equal(0, await shop.Products.Where(hasId).CountAsync());
            }
        }
    }

    /// <summary>Tests that run while no other does.</summary>
    [CollectionDefinition("alone", DisableParallelization = true)]
    public sealed class Alone;

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
