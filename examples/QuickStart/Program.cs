using BoundedCache;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

if (args.Length > 0)
{
    Console.Error.WriteLine("Fills a cache, lowers its limit, and says what happened. It takes no arguments.");
    return args is ["--help" or "-h"] ? 0 : 2;
}

HostApplicationBuilder builder = Host.CreateApplicationBuilder();
builder.Logging.ClearProviders();   // the lines below say it all
builder.Services.AddBoundedMemoryCache(options => options.MaxMemory = 64 << 20);   // bytes; instead of AddMemoryCache()
using IHost host = builder.Build();
await host.StartAsync();

IMemoryCache pages = host.Services.GetRequiredService<IMemoryCache>();             // what your classes ask for
for (int number = 0; number < 1000; number++)
{
    pages.GetOrCreate($"page:{number}", static entry => RenderPage());             // no sizes to declare
}

// The same cache, for those who change its limit.
BoundedMemoryCache cache = host.Services.GetRequiredService<BoundedMemoryCache>();
Console.WriteLine($"1,000 pages of 100 KB went into a cache whose limit is {ByteSize.Format(cache.MaxMemory)}.");
// -> 1,000 pages of 100 KB went into a cache whose limit is 64 MiB.
Console.WriteLine($"It holds {cache.Count} pages now, {ByteSize.Format(cache.UsedMemory)} in all.");
// -> It holds … pages now, 6… MiB in all.
Console.WriteLine($"The newest page is {Presence("page:999")}; the least recently used one is {Presence("page:0")}.");
// -> The newest page is there; the least recently used one is evicted.

ShrinkReport report = await cache.SetMaxMemoryAsync(8 << 20);
Console.WriteLine("Then the limit was lowered to 8 MiB. The cache evicted pages and gave their memory back:");
// -> Then the limit was lowered to 8 MiB. The cache evicted pages and gave their memory back:
Console.WriteLine(report);
// -> default: limit 64 MiB -> 8 MiB; evicted … entries (… MiB) in … ms; RSS … -> …; …
await host.StopAsync();
return 0;

string Presence(string key) => cache.TryGetValue(key, out _) ? "there" : "evicted";

static byte[] RenderPage()
{
    byte[] page = new byte[100_000];
    Random.Shared.NextBytes(page);   // memory counts as resident when it is written to
    return page;
}
