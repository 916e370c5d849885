using Microsoft.Extensions.DependencyInjection;
using ZiggyCreatures.Caching.Fusion;

namespace BoundedCache.Contract.Tests;

/// <summary>docs/RECIPES.md: FusionCache over the cache, and over a keyed one.</summary>
public sealed class FusionCacheRecipe
{
    [Fact]
    public async Task FusionCache_keeps_its_values_in_the_registered_cache()
    {
        IServiceCollection services = new ServiceCollection();
        // PAGE begins
        services.AddBoundedMemoryCache(options => options.MaxMemory = 512 << 20);
        services.AddFusionCache().WithRegisteredMemoryCache();
        // PAGE ends
        using ServiceProvider provider = services.BuildServiceProvider();
        await UseAsync(
            provider.GetRequiredService<IFusionCache>(), provider.GetRequiredService<BoundedMemoryCache>());
    }

    [Fact]
    public async Task And_in_a_keyed_one()
    {
        IServiceCollection services = new ServiceCollection();
        // PAGE begins
        services.AddKeyedBoundedMemoryCache("pages", options => options.MaxMemory = 64 << 20);
        services.AddFusionCache("pages").WithRegisteredKeyedMemoryCacheByCacheName();
        // PAGE ends
        using ServiceProvider provider = services.BuildServiceProvider();
        await UseAsync(
            provider.GetRequiredService<IFusionCacheProvider>().GetCache("pages"),
            provider.GetRequiredKeyedService<BoundedMemoryCache>("pages"));
    }

    private static async Task UseAsync(IFusionCache fusion, BoundedMemoryCache cache)
    {
        int made = 0;
        long before = cache.UsedMemory;
        for (int i = 0; i < 3; i++)
        {
            await GetAsync();
        }

        Assert.Equal(1, made);
        Assert.InRange(cache.UsedMemory - before, 20_000, 40_000);
        await fusion.RemoveAsync("key");
        await GetAsync();
        Assert.Equal(2, made);
        await fusion.RemoveByTagAsync("tag");
        await GetAsync();
        Assert.Equal(3, made);
        cache.MaxMemory = 1;
        await GetAsync();
        await GetAsync();
        Assert.Equal((5, 0), (made, cache.Count));

        async Task GetAsync() => Assert.Equal(10_000, (await fusion.GetOrSetAsync(
            "key", _ => Task.FromResult(new string('x', 10_000 + (0 * made++))), tags: ["tag"])).Length);
    }
}
