using System.Globalization;
using BoundedCache;
using BoundedCache.LoadService;
using BoundedCache.LoadService.Control;
using BoundedCache.LoadService.Items;
using BoundedCache.LoadService.Peers;

// The service that benchmarks/BoundedCache.LoadRuns starts, fills, puts under load and shrinks. By hand:
//   dotnet run -c Release --project benchmarks/BoundedCache.LoadService -- --cache bounded --max-memory 268435456
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
ServiceOptions options;
try
{
    options = ServiceOptions.Parse(args);
}
catch (ArgumentException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 2;
}

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.Logging.ClearProviders()
    .AddSimpleConsole(static console => console.SingleLine = true)
    .SetMinimumLevel(LogLevel.Warning);
builder.Logging.AddFilter("BoundedCache", LogLevel.Information)
    .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
const string CacheName = "items";
bool isBytes = options.Cache == "bytes";
bool isBounded = isBytes || options.Cache == "bounded";
if (isBytes)
{
    builder.Services.AddKeyedBoundedByteCache(CacheName, cache => cache.MaxMemory = options.MaxBytes);
}
else if (isBounded)
{
    builder.Services.AddBoundedMemoryCache(cache =>
    {
        cache.Name = CacheName;
        cache.MaxMemory = options.MaxBytes;

        // Connections and compiled code leave native memory behind that a service whose limit goes up and down
        // for long should not keep.
        cache.TrimNativeMemory = true;
    });
}

await using WebApplication app = builder.Build();
await using IItemCache items = options.Cache switch
{
    "bounded" => new BoundedItemCache(app.Services.GetRequiredService<BoundedMemoryCache>()),
    "bytes" => new ByteItemCache(app.Services.GetRequiredKeyedService<BoundedByteCache>(CacheName)),
    "memory-cache" => new MemoryItemCache(options.MaxBytes),
    "redis" => await RedisItemCache.ConnectAsync(options.PeerPort, options.MaxBytes),
    "memcached" => await MemcachedItemCache.ConnectAsync(options.PeerPort, options.MaxBytes),
    _ => throw new ArgumentException(
        $"--cache: '{options.Cache}' is none of bounded, bytes, memory-cache, redis, memcached."),
};
using var other = new OtherCode();
using var inserter = new Inserter(items);
var traffic = new ItemTraffic();
app.MapItems(items, traffic, options.Items);
app.MapControl(items, traffic, inserter, other);
if (isBounded)
{
    app.MapBoundedCacheAdmin("/admin/cache", static admin => admin.AllowLoopback = true);
}

if (options.IsLeashed)
{
    Leash.Fasten(app.Lifetime);
}

await app.RunAsync();
return 0;
