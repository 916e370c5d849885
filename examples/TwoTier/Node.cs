using System.Net;
using BoundedCache.Examples;
using BoundedCache.TwoTier.Catalogs;
using BoundedCache.TwoTier.Redis;
using Microsoft.AspNetCore.Http.HttpResults;
using StackExchange.Redis;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Backplane.StackExchangeRedis;
using ZiggyCreatures.Caching.Fusion.Serialization.SystemTextJson;

namespace BoundedCache.TwoTier;

/// <summary>The service: a bounded cache in this process, and Redis behind it, which all nodes share.</summary>
internal static class Node
{
    public const string AdminPath = "/admin/cache";

    /// <summary>Runs until it is stopped.</summary>
    /// <exception cref="IOException">The port is taken, or the shared folder cannot be used.</exception>
    public static async Task RunAsync(NodeOptions options, CancellationToken cancellationToken)
    {
        PortCheck.ThrowIfTaken(options.Port);
        WebApplicationBuilder builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, options.Port));
        SharedLimits.Follow(builder.Configuration, options.SharedFolder);

        await using RedisLink redis = await RedisLink.ConnectAsync(options.Redis, options.RedisTimeout);
        // First level.
        builder.Services.AddBoundedMemoryCache(builder.Configuration.GetSection("Cache"));
        // Second level.
        builder.Services.AddStackExchangeRedisCache(cache =>
        {
            cache.InstanceName = "twotier:";
            cache.ConnectionMultiplexerFactory = () => Task.FromResult<IConnectionMultiplexer>(redis.Connection);
        });
        if (options.UsesFusion)
        {
            AddFusion(builder.Services, redis, options.RedisTimeout);
            builder.Services.AddSingleton<IProductCatalog, FusionCatalog>();
        }
        else
        {
            builder.Services.AddHybridCache();
            builder.Services.AddSingleton<IProductCatalog, HybridCatalog>();
        }

        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(redis);
        builder.Services.AddHostedService<RedisWatch>();
        builder.Services.AddSingleton<ProductSource>();
        builder.Services.AddProblemDetails();

        await using WebApplication app = builder.Build();
        MapProducts(app);
        app.MapGet("/state", (BoundedMemoryCache cache, ProductSource source) => new NodeState(
            cache.MaxMemory, cache.UsedMemory, cache.Count, source.Reads, redis.Connection.IsConnected));
        // This machine only, and no proxy in front.
        app.MapBoundedCacheAdmin(AdminPath, static admin => admin.AllowLoopback = true);

        // Connects the backplane before the first request comes.
        _ = app.Services.GetRequiredService<IProductCatalog>();
        await app.StartAsync(cancellationToken);
        Announce(app, options);
        await app.WaitForShutdownAsync(cancellationToken);
    }

    private static void AddFusion(IServiceCollection services, RedisLink redis, TimeSpan timeout) =>
        services.AddFusionCache()
            .WithRegisteredMemoryCache()
            .WithOptions(fusion =>
            {
                // After a failure it leaves Redis alone for so long.
                fusion.DistributedCacheCircuitBreakerDuration = timeout;
                fusion.BackplaneCircuitBreakerDuration = timeout;
                fusion.WaitForInitialBackplaneSubscribe = redis.Connection.IsConnected;
            })
            .WithDefaultEntryOptions(entry =>
            {
                entry.Duration = TimeSpan.FromMinutes(10);
                entry.IsFailSafeEnabled = true;
                // Soft: where an expired value can be given instead. Hard: in any case.
                entry.DistributedCacheSoftTimeout = timeout / 2;
                entry.DistributedCacheHardTimeout = timeout;
                entry.AllowBackgroundDistributedCacheOperations = true;
                entry.AllowBackgroundBackplaneOperations = true;
            })
            .WithSerializer(new FusionCacheSystemTextJsonSerializer())
            .WithRegisteredDistributedCache()
            .WithBackplane(new RedisBackplane(new RedisBackplaneOptions
            {
                ConnectionMultiplexerFactory = () => Task.FromResult<IConnectionMultiplexer>(redis.Connection),
            }));

    private static void MapProducts(WebApplication app)
    {
        app.MapGet(
            "/products/{id:int}",
            static async Task<Results<Ok<Product>, NotFound>> (
                int id, IProductCatalog catalog, CancellationToken aborted) =>
                ProductSource.Has(id)
                    ? TypedResults.Ok(await catalog.FindAsync(id, aborted))
                    : TypedResults.NotFound());
        app.MapPut(
            "/products/{id:int}",
            static async Task<Results<NoContent, NotFound>> (
                int id, ProductChange change, IProductCatalog catalog, CancellationToken aborted) =>
            {
                if (!ProductSource.Has(id))
                {
                    return TypedResults.NotFound();
                }

                await catalog.ChangeAsync(new Product(id, change.Price, change.Description), aborted);
                return TypedResults.NoContent();
            });
    }

    private static void Announce(WebApplication app, NodeOptions options)
    {
        string address = app.Urls.Single();
        Console.WriteLine($"Products: {address}/products/7");
        Console.WriteLine($"State: {address}/state");
        Console.WriteLine($"Limits of all nodes: {SharedLimits.FileIn(options.SharedFolder)}");
        // The last line: who reads it knows that the node answers.
        Console.WriteLine($"Admin page: {address}{AdminPath}/");
    }
}
