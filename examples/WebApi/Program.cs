using System.Net;
using BoundedCache;
using BoundedCache.WebApi;
using Microsoft.AspNetCore.Http.HttpResults;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
// Instead of AddMemoryCache().
builder.Services.AddBoundedMemoryCache(builder.Configuration.GetSection("Cache"));
builder.Services.AddSingleton<ProductSource>();
builder.Services.AddSingleton<ProductCatalog>();

// Loopback only, whatever the environment says: there is no login.
builder.WebHost.ConfigureKestrel(
    static (context, kestrel) => kestrel.Listen(IPAddress.Loopback, context.Configuration.GetValue<int>("Port")));

WebApplication app = builder.Build();

app.MapGet(
    "/products/{id:int}",
    static async Task<Results<Ok<Product>, NotFound>> (int id, ProductCatalog catalog, CancellationToken aborted) =>
        await catalog.FindAsync(id, aborted) is { } product ? TypedResults.Ok(product) : TypedResults.NotFound());

app.MapGet("/cache", static (BoundedMemoryCache cache, ProductSource source) =>
    new CacheState(cache.MaxMemory, cache.UsedMemory, cache.Count, source.Reads));

app.Run();
