using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Contract.Tests;

/// <summary>docs/RECIPES.md: HybridCache over the cache.</summary>
public sealed class HybridCacheRecipe
{
    private const string Warning = "KeptTwice";

    [Fact]
    public async Task HybridCache_keeps_its_values_in_the_cache()
    {
        IServiceCollection services = new ServiceCollection();
        // PAGE begins
        services.AddBoundedMemoryCache(options => options.MaxMemory = 512 << 20);
        services.AddHybridCache();
        // PAGE ends
        using var log = new RecordingLog();
        services.AddSingleton<ILoggerFactory>(log);
        using ServiceProvider provider = services.BuildServiceProvider();
        HybridCache hybrid = provider.GetRequiredService<HybridCache>();
        BoundedMemoryCache cache = provider.GetRequiredService<BoundedMemoryCache>();
        int made = 0;
        long before = cache.UsedMemory;
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(10_000, (await GetAsync("key")).Length);
        }

        Assert.Equal((1, 1), (made, cache.Count));
        Assert.InRange(cache.UsedMemory - before, 10_000, 30_000);
        await hybrid.RemoveByTagAsync("tag");
        await GetAsync("key");
        Assert.Equal(2, made);
        await hybrid.RemoveAsync("key");
        await GetAsync("key");
        Assert.Equal(3, made);
        await cache.SetMaxMemoryAsync(1);
        await GetAsync("key");
        Assert.Equal((4, 0), (made, cache.Count));
        Assert.Equal(0, log.Count(Warning));

        async ValueTask<string> GetAsync(string key) => await hybrid.GetOrCreateAsync(
            key,
            _ =>
            {
                made++;
                return ValueTask.FromResult(new string('x', 10_000));
            },
            tags: ["tag"]);
    }

    [Fact]
    public async Task Beside_AddDistributedMemoryCache_everything_is_kept_twice_and_the_start_says_so()
    {
        using var log = new RecordingLog();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton<ILoggerFactory>(log);
        builder.Services.AddBoundedMemoryCache();
        builder.Services.AddHybridCache();
        builder.Services.AddDistributedMemoryCache();
        using IHost host = builder.Build();
        await host.StartAsync();
        Assert.Equal(1, log.Count(Warning));

        HybridCache hybrid = host.Services.GetRequiredService<HybridCache>();
        await hybrid.GetOrCreateAsync("key", static _ => ValueTask.FromResult("value"));
        Assert.NotNull(await host.Services.GetRequiredService<IDistributedCache>().GetAsync("key"));
        Assert.True(host.Services.GetRequiredService<BoundedMemoryCache>().TryGetValue("key", out _));
        await host.StopAsync();
        Assert.Equal(1, log.Count(Warning));
    }

    public static TheoryData<string> Harmless =>
    [
        "no HybridCache", "another distributed cache", "keyed cache only", "a second level with a key",
    ];

    [Theory]
    [MemberData(nameof(Harmless))]
    public void It_is_not_said_where_nothing_is_kept_twice(string what)
    {
        using var log = new RecordingLog();
        IServiceCollection services = new ServiceCollection().AddSingleton<ILoggerFactory>(log);
        services = what == "keyed cache only"
            ? services.AddKeyedBoundedMemoryCache("pages")
            : services.AddBoundedMemoryCache();
        services.AddDistributedMemoryCache();
        if (what != "no HybridCache")
        {
            services.AddHybridCache();
        }

        if (what == "a second level with a key")
        {
            services.AddKeyedBoundedDistributedCache("second-level");
            services.AddHybridCache(static options => options.DistributedCacheServiceKey = "second-level");
        }

        if (what == "another distributed cache")
        {
            services.AddSingleton<IDistributedCache>(static _ => throw new InvalidOperationException("never resolved"));
        }

        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.NotEmpty(provider.GetRequiredService<BoundedMemoryCacheRegistry>().Caches);
        Assert.Equal(0, log.Count(Warning));
    }

    [Theory]
    [InlineData(false, "AddDistributedMemoryCache")]
    [InlineData(true, "AddBoundedDistributedCache")]
    public async Task It_says_what_the_second_level_is(bool isOurs, string method)
    {
        using var log = new RecordingLog();
        IServiceCollection services = new ServiceCollection()
            .AddSingleton<ILoggerFactory>(log)
            .AddBoundedMemoryCache()
            .AddHybridCache().Services
            .AddDistributedMemoryCache();
        using ServiceProvider provider = (isOurs ? services.AddBoundedDistributedCache() : services)
            .BuildServiceProvider();
        await provider.GetRequiredService<HybridCache>()
            .GetOrCreateAsync("key", static _ => ValueTask.FromResult("value"));

        Assert.NotNull(await provider.GetRequiredService<IDistributedCache>().GetAsync("key"));
        Assert.True(provider.GetRequiredService<BoundedMemoryCache>().TryGetValue("key", out _));
        string said = Assert.Single(log.Records, static record => record.Id.Name == Warning).Message;
        Assert.Contains($"in the one of {method}.", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_host_it_is_said_with_the_first_cache()
    {
        using var log = new RecordingLog();
        using ServiceProvider provider = new ServiceCollection()
            .AddSingleton<ILoggerFactory>(log)
            .AddDistributedMemoryCache()
            .AddHybridCache().Services
            .AddBoundedMemoryCache()
            .BuildServiceProvider();
        provider.GetRequiredService<HybridCache>();

        Assert.Equal(1, log.Count(Warning));
    }
}
