using System.Net;
using System.Net.Http.Headers;
using BoundedCache;

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
builder.Logging.ClearProviders();
builder.Services.AddCountedCache();
builder.Services.AddHealthChecks().AddBoundedCache();
builder.Services.AddBoundedOutputCache(static options => options.MaxMemory = 4 << 20);

await using WebApplication app = builder.Build();
app.UseOutputCache();
app.MapHealthChecks("/health");
app.MapBoundedCacheAdmin("/admin/cache", static options => options.AllowLoopback = true);
app.MapGet("/counts", static (BoundedMemoryCache cache) => Counts.OfAsync(cache)).CacheOutput();
await app.StartAsync();

using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
Console.WriteLine(await client.GetStringAsync("/counts"));
Console.WriteLine($"again {await client.GetStringAsync("/counts")}");
Console.WriteLine($"health: {await client.GetStringAsync("/health")}");
string page = await client.GetStringAsync("/admin/cache/");
Console.WriteLine($"page: {page.Contains("<html", StringComparison.Ordinal)}");

using var change = new StringContent("""{"maxMemory": "32KiB"}""", new MediaTypeHeaderValue("application/json"));
using HttpResponseMessage changed = await client.PutAsync(
    new Uri("/admin/cache/api/caches/default/limit", UriKind.Relative), change);
long limit = app.Services.GetRequiredService<BoundedMemoryCache>().MaxMemory;
Console.WriteLine($"limit: {(int)changed.StatusCode} {limit}");
await app.StopAsync();
