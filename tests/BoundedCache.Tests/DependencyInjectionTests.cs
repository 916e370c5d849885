using BoundedCache.Harness;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BoundedCache.Tests;

public sealed class DependencyInjectionTests
{
    [Fact]
    public void One_cache_is_registered_under_both_types()
    {
        using ServiceProvider provider = new ServiceCollection().AddBoundedMemoryCache().BuildServiceProvider();

        Assert.Same(provider.GetRequiredService<BoundedMemoryCache>(), provider.GetRequiredService<IMemoryCache>());
        Assert.Equal("default", provider.GetRequiredService<BoundedMemoryCache>().Name);
    }

    [Fact]
    public void It_replaces_a_cache_that_was_registered_before()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddMemoryCache()
            .AddBoundedMemoryCache()
            .BuildServiceProvider();

        Assert.IsType<BoundedMemoryCache>(Assert.Single(provider.GetServices<IMemoryCache>()));
    }

    [Fact]
    public void A_later_AddMemoryCache_changes_nothing()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddBoundedMemoryCache()
            .AddMemoryCache()
            .BuildServiceProvider();

        Assert.IsType<BoundedMemoryCache>(Assert.Single(provider.GetServices<IMemoryCache>()));
    }

    [Fact]
    public void Options_are_taken_and_the_last_registration_counts()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddBoundedMemoryCache(static options => (options.Name, options.MaxMemory) = ("first", 5))
            .AddBoundedMemoryCache(static options => options.Name = "second")
            .BuildServiceProvider();

        BoundedMemoryCache cache = provider.GetRequiredService<BoundedMemoryCache>();

        Assert.Equal("second", cache.Name);
        Assert.NotEqual(5, cache.MaxMemory);
        Assert.Single(provider.GetServices<BoundedMemoryCache>());
    }

    [Fact]
    public void Bad_options_are_told_when_the_cache_is_asked_for()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddBoundedMemoryCache(static options => (options.MaxMemory, options.ReleaseMode) = (0, (ReleaseMode)7))
            .BuildServiceProvider();

        OptionsValidationException error = Assert.Throws<OptionsValidationException>(
            provider.GetRequiredService<IMemoryCache>);

        Assert.Equal(2, error.Failures.Count());
        Assert.Contains(
            "BoundedMemoryCacheOptions.MaxMemory: expected at least 1 byte, got 0.",
            error.Message,
            StringComparison.Ordinal);
        Assert.Contains("BoundedMemoryCacheOptions.ReleaseMode", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keyed_caches_of_others_stay_when_the_unkeyed_is_replaced()
    {
        using var other = new MemoryCache(new MemoryCacheOptions());
        using ServiceProvider provider = new ServiceCollection()
            .AddKeyedSingleton<IMemoryCache>("theirs", other)
            .AddBoundedMemoryCache()
            .BuildServiceProvider();

        Assert.Same(other, provider.GetRequiredKeyedService<IMemoryCache>("theirs"));
    }

    [Fact]
    public void Options_can_be_changed_in_the_usual_ways()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddBoundedMemoryCache(static options => options.MaxMemory = 1000)
            .Configure<BoundedMemoryCacheOptions>(static options => options.MaxMemory /= 2)
            .PostConfigure<BoundedMemoryCacheOptions>(static options => options.MaxMemory += 1)
            .BuildServiceProvider();

        Assert.Equal(501, provider.GetRequiredService<BoundedMemoryCache>().MaxMemory);
    }

    [Fact]
    public void The_cache_is_disposed_with_the_container()
    {
        ServiceProvider provider = new ServiceCollection().AddBoundedMemoryCache().BuildServiceProvider();
        IMemoryCache cache = provider.GetRequiredService<IMemoryCache>();
        cache.Set("key", 1);
        provider.Dispose();

        Assert.Throws<ObjectDisposedException>(() => cache.TryGetValue("key", out _));
    }

    [Fact]
    public void Logging_and_metrics_of_the_container_are_used()
    {
        using var log = new RecordingLog();
        using var meters = new MeterFactory();
        using ServiceProvider provider = new ServiceCollection()
            .AddSingleton<Microsoft.Extensions.Logging.ILoggerFactory>(log)
            .AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(meters)
            .AddBoundedMemoryCache(static options => options.ReleaseMode = ReleaseMode.None)
            .BuildServiceProvider();

        provider.GetRequiredService<BoundedMemoryCache>().MaxMemory = 1;

        Assert.Equal(["Shrunk"], log.Events);
        Assert.Single(meters.Meters);
    }

    [Fact]
    public void What_is_missing_is_an_error()
    {
        var services = new ServiceCollection();
        IConfiguration none = null!;
        IConfiguration some = new ConfigurationBuilder().Build();

        Assert.Throws<ArgumentNullException>(
            "services", () => BoundedMemoryCacheServiceCollectionExtensions.AddBoundedMemoryCache(null!));
        Assert.Throws<ArgumentNullException>(
            "services", () => BoundedMemoryCacheServiceCollectionExtensions.AddBoundedMemoryCache(null!, some));
        Assert.Throws<ArgumentNullException>(
            "services", () => BoundedMemoryCacheServiceCollectionExtensions.AddKeyedBoundedMemoryCache(null!, "name"));
        Assert.Throws<ArgumentNullException>("services", () =>
            BoundedMemoryCacheServiceCollectionExtensions.AddKeyedBoundedMemoryCache(null!, "name", some));
        Assert.Throws<ArgumentNullException>("configuration", () => services.AddBoundedMemoryCache(none));
        Assert.Throws<ArgumentNullException>("configuration", () => services.AddKeyedBoundedMemoryCache("name", none));
        Assert.Throws<ArgumentNullException>("name", () => services.AddKeyedBoundedMemoryCache(null!));
        Assert.Throws<ArgumentException>("name", () => services.AddKeyedBoundedMemoryCache(" "));
        Assert.Throws<ArgumentException>("name", () => services.AddKeyedBoundedMemoryCache("", some));
        Assert.Empty(services);
    }
}
