using System.Net;
using System.Runtime;
using BoundedCache;
using BoundedCache.Examples;
using BoundedCache.WebApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

if (CommandLine.Answer(args) is { } exitCode)
{
    return exitCode;
}

WebApplication app;
try
{
    WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
    // Instead of AddMemoryCache().
    builder.Services.AddBoundedMemoryCache(builder.Configuration.GetSection("Cache"));
    builder.Services.AddSingleton<ProductSource>();
    builder.Services.AddSingleton<ProductCatalog>();

    // Loopback only, whatever --urls or the environment say: there is no login.
    int port = ListenPort.From(args, builder.Configuration);
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));

    app = builder.Build();

    // The host would check the port and the settings too, and log a stack.
    PortCheck.ThrowIfTaken(port);
    app.Services.GetRequiredService<IStartupValidator>().Validate();
    // Makes both now, and not at the first request: the cache warns of a limit that the process cannot hold, and the
    // source reads its setting.
    _ = app.Services.GetRequiredService<BoundedMemoryCache>();
    _ = app.Services.GetRequiredService<ProductSource>();
}
catch (Exception exception) when (exception is IOException or InvalidDataException or InvalidOperationException
    or OptionsValidationException)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}

app.MapGet(
    "/products/{id:int}",
    static async Task<Results<Ok<Product>, NotFound>> (int id, ProductCatalog catalog, CancellationToken aborted) =>
        await catalog.FindAsync(id, aborted) is { } product ? TypedResults.Ok(product) : TypedResults.NotFound());

app.MapGet("/cache", static (BoundedMemoryCache cache, ProductSource source) =>
    new CacheState(cache.MaxMemory, cache.UsedMemory, cache.Count, source.Reads));

await app.StartAsync();
Console.WriteLine(
    $"Runs under {(GCSettings.IsServerGC ? "Server" : "Workstation")} GC. What RSS to expect: examples/README.md.");
await app.WaitForShutdownAsync();
return 0;
