using BoundedCache;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
// Instead of AddMemoryCache(); the limit is bytes.
builder.Services.AddBoundedMemoryCache(options => options.MaxMemory = 64 << 20);
using IHost host = builder.Build();
await host.StartAsync();

IMemoryCache pages = host.Services.GetRequiredService<IMemoryCache>();             // what your classes ask for
for (int number = 0; number < 1000; number++)
{
    // 100 MB through 64 MiB; no sizes to declare
    pages.GetOrCreate($"page:{number}", static entry => RenderPage());
}

// the same cache, for those who turn its limit
BoundedMemoryCache cache = host.Services.GetRequiredService<BoundedMemoryCache>();
Console.WriteLine($"{cache.Count} pages, {ByteSize.Format(cache.UsedMemory)}");    // -> … pages, 6… MiB
Console.WriteLine(cache.TryGetValue("page:999", out _));
// -> True: a full cache admits the new
Console.WriteLine(cache.TryGetValue("page:0", out _));
// -> False: and evicts the least recently used
ShrinkReport report = await cache.SetMaxMemoryAsync(8 << 20);                      // evicts, and gives the memory back
Console.WriteLine(report);
// -> default: limit 64 MiB -> 8 MiB; evicted … entries (… MiB) in … ms; RSS … -> …; …
await host.StopAsync();

static byte[] RenderPage()
{
    byte[] page = new byte[100_000];
    Random.Shared.NextBytes(page);   // until it is written to, memory does not count as resident
    return page;
}
