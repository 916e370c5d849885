using BoundedCache;
using Microsoft.Extensions.Caching.Memory;

using var cache = new BoundedMemoryCache(
    new BoundedMemoryCacheOptions { MaxMemory = Counts.MaxMemory, YieldToMemoryPressure = false });
Console.WriteLine(await Counts.OfAsync(cache));
Console.WriteLine($"abstractions: {typeof(IMemoryCache).Assembly.GetName().Version}");
