using System.Text;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// docs/BYTE-CACHE.md: HybridCache with values in the object cache, and their bytes in the byte cache.
/// </summary>
public sealed class HybridByteCacheRecipe
{
    [Fact]
    public async Task HybridCache_keeps_values_in_the_first_level_and_their_bytes_in_the_second()
    {
        IServiceCollection services = new ServiceCollection();
        // PAGE begins
        services.AddBoundedMemoryCache(options => options.MaxMemory = 64 << 20);
        services.AddKeyedBoundedDistributedCache("second-level", options => options.MaxMemory = 512 << 20);
        services.AddHybridCache(options => options.DistributedCacheServiceKey = "second-level");
        // PAGE ends
        using var log = new RecordingLog();
        services.AddSingleton<ILoggerFactory>(log);
        await using ServiceProvider provider = services.BuildServiceProvider();
        HybridCache hybrid = provider.GetRequiredService<HybridCache>();
        BoundedMemoryCache first = provider.GetRequiredService<BoundedMemoryCache>();
        BoundedByteCache second = provider.GetRequiredKeyedService<BoundedByteCache>("second-level");
        int made = 0;
        await GetAsync("key");
        await GetAsync("key");

        // It is kept twice: as an object in the first level, serialized in the second.
        Assert.Equal((1, 1, 1), (made, first.Count, second.Count));
        Assert.InRange(first.UsedMemory, 20_000, 40_000);
        Assert.InRange(second.UsedMemory, 10_000, 100_000);
        Assert.Contains(new string('x', 100), Encoding.UTF8.GetString(second.Get("key")!), StringComparison.Ordinal);

        // The first level can be small, or emptied: the second answers without making the value again.
        first.Clear();
        await GetAsync("key");
        Assert.Equal((1, 1), (made, first.Count));

        // What leaves the second level stays in the first until it expires there.
        second.Clear();
        await GetAsync("key");
        Assert.Equal((1, 0), (made, second.Count));
        await hybrid.RemoveAsync("key");
        await GetAsync("key");
        Assert.Equal((2, 1, 1), (made, first.Count, second.Count));

        async ValueTask GetAsync(string key)
        {
            string value = await hybrid.GetOrCreateAsync(key, _ =>
            {
                made++;
                return ValueTask.FromResult(new string('x', 10_000));
            });
            Assert.Equal(10_000, value.Length);
        }
    }
}
