using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

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
        using ServiceProvider provider = new ServiceCollection().AddMemoryCache().AddBoundedMemoryCache().BuildServiceProvider();

        Assert.IsType<BoundedMemoryCache>(Assert.Single(provider.GetServices<IMemoryCache>()));
    }

    [Fact]
    public void A_later_AddMemoryCache_changes_nothing()
    {
        using ServiceProvider provider = new ServiceCollection().AddBoundedMemoryCache().AddMemoryCache().BuildServiceProvider();

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
        using ServiceProvider provider = new ServiceCollection().AddBoundedMemoryCache(static options => options.MaxMemory = 0).BuildServiceProvider();

        Assert.Throws<ArgumentOutOfRangeException>("MaxMemory", provider.GetRequiredService<IMemoryCache>);
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
        using var meters = new TestMeterFactory();
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
    public void No_services_are_an_error() =>
        Assert.Throws<ArgumentNullException>("services", () => BoundedMemoryCacheServiceCollectionExtensions.AddBoundedMemoryCache(null!));
}
