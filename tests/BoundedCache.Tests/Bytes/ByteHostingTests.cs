using System.Diagnostics.Metrics;
using BoundedCache.Harness;
using BoundedCache.Tests.Diagnostics;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

public sealed class ByteHostingTests
{
    [Fact]
    public void Both_kinds_of_caches_are_in_the_registry_and_are_disposed_with_the_container()
    {
        ServiceProvider provider = new ServiceCollection()
            .AddBoundedMemoryCache(static options => options.MaxMemory = MiB)
            .AddKeyedBoundedByteCache("pages", static options => options.MaxMemory = 2 * MiB)
            .BuildServiceProvider();
        var registry = provider.GetRequiredService<BoundedMemoryCacheRegistry>();
        var cache = provider.GetRequiredKeyedService<BoundedByteCache>("pages");

        Assert.Equal(["default", "pages"], registry.Names);
        Assert.True(registry.TryGet("pages", out IBoundedCache? found));
        Assert.Same(cache, found);
        Assert.Equal(2 * MiB, cache.MaxMemory);
        Assert.Equal("pages", cache.Name);
        cache.Engine.CheckInvariants();
        provider.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cache.Get("a"));
    }

    [Fact]
    public void Settings_come_from_a_section_and_a_changed_limit_resizes_the_cache()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["MaxMemory"] = "8MiB",
                ["ClearFreedMemory"] = "true",
                ["MemoryReserve"] = "0.2",
                ["EvictionPolicy"] = "scanresistant",
                ["YieldToMachinePressure"] = "true",
                ["ExpirationScanFrequency"] = "00:00:30",
            })
            .Build();
        using ServiceProvider provider = new ServiceCollection()
            .AddKeyedBoundedByteCache("pages", configuration: configuration)
            .BuildServiceProvider();
        var cache = provider.GetRequiredKeyedService<BoundedByteCache>("pages");
        Assert.Equal(8 * MiB, cache.MaxMemory);
        Assert.Equal(EvictionPolicy.ScanResistant, cache.GetSnapshot().EvictionPolicy);

        configuration["MaxMemory"] = "4MiB";
        configuration.Reload();

        Assert.True(SpinWait.SpinUntil(() => cache.MaxMemory == 4 * MiB, TimeSpan.FromSeconds(30)));
        cache.Engine.CheckInvariants(isQuiet: false);
    }

    [Theory]
    [InlineData("MaxMemory", "0", "expected at least 1 byte")]
    [InlineData("MaxMemroy", "1MB", "did you mean 'MaxMemory'?")]
    [InlineData("EvictionPolicy", "1", "expected LeastRecentlyUsed or ScanResistant, got '1'.")]
    [InlineData("EvictionPolicy", "MostRecentlyUsed", "expected LeastRecentlyUsed or ScanResistant, got")]
    [InlineData("ClearFreedMemory", "2", "expected true or false, got '2'.")]
    [InlineData("MinMemory", "-1", "expected an eighth of MaxMemory, or at least 0 bytes, as a number of bytes")]
    [InlineData("MemoryReserve", "0.7", "expected a share of the process's limits as a number from 0.01 to 0.5")]
    [InlineData("MemoryReserve", "NaN", "such as 0.12, got 'NaN'.")]
    [InlineData("MemoryReserve", "1e-1", "such as 0.12, got '1e-1'.")]
    [InlineData("YieldToMachinePressure", "1", "expected true or false, got '1'.")]
    [InlineData("ExpirationScanFrequency", "30", "expected a time as hours:minutes:seconds")]
    public void Settings_that_are_not_allowed_are_named_with_what_is(string name, string value, string said)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { [name] = value })
            .Build();
        using ServiceProvider provider = new ServiceCollection()
            .AddKeyedBoundedByteCache("pages", configuration: configuration)
            .BuildServiceProvider();

        var failure = Assert.Throws<OptionsValidationException>(
            provider.GetRequiredService<BoundedMemoryCacheRegistry>);
        Assert.Contains(name, failure.Message, StringComparison.Ordinal);
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("an eighth of MaxMemory")]
    public void The_default_of_MinMemory_follows_the_limit_and_is_no_change_that_needs_a_restart(string? minMemory)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?> { ["MaxMemory"] = "8MiB", ["MinMemory"] = minMemory })
            .Build();
        using var log = new RecordingLog();
        using ServiceProvider provider = new ServiceCollection()
            .AddSingleton<ILoggerFactory>(log)
            .AddKeyedBoundedByteCache("pages", configuration: configuration)
            .BuildServiceProvider();
        var cache = provider.GetRequiredKeyedService<BoundedByteCache>("pages");

        configuration["MaxMemory"] = "4MiB";
        configuration.Reload();
        Assert.True(SpinWait.SpinUntil(() => cache.MaxMemory == 4 * MiB, TimeSpan.FromSeconds(30)));
        // A second change is applied after all of the first one.
        configuration["MaxMemory"] = "2MiB";
        configuration.Reload();
        Assert.True(SpinWait.SpinUntil(() => cache.MaxMemory == 2 * MiB, TimeSpan.FromSeconds(30)));

        Assert.DoesNotContain(
            log.Messages, static message => message.Contains("MinMemory", StringComparison.Ordinal));
    }

    [Fact]
    public void A_limit_below_the_minimum_for_pressure_counts_as_that_minimum()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["MaxMemory"] = "8MB", ["MinMemory"] = "4MB" })
            .Build();
        using ServiceProvider provider = new ServiceCollection()
            .AddKeyedBoundedByteCache("pages", configuration: configuration)
            .BuildServiceProvider();
        BoundedByteCache cache = provider.GetRequiredKeyedService<BoundedByteCache>("pages");

        configuration["MaxMemory"] = "2MB";
        configuration.Reload();

        Assert.True(SpinWait.SpinUntil(() => cache.MaxMemory == 2 * MiB, TimeSpan.FromSeconds(30)));
        cache.Engine.CheckInvariants(isQuiet: false);
    }

    [Fact]
    public void A_cache_that_cannot_follow_its_section_is_disposed()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["MaxMemory"] = "8MiB" })
            .Build();
        using var meters = new MeterFactory();
        using var reader = new MeterReader(meters);
        using ServiceProvider provider = new ServiceCollection()
            .AddSingleton<IMeterFactory>(meters)
            .AddKeyedBoundedByteCache("pages", static options => options.TimeProvider = new NoTimers(), configuration)
            .BuildServiceProvider();
        _ = provider.GetRequiredService<IOptionsMonitor<BoundedByteCacheOptions>>().Get("pages");

        // Options that are older than this are read again, by a timer, when the cache is made.
        configuration.Reload();
        Assert.Throws<InvalidTimeZoneException>(provider.GetRequiredService<BoundedMemoryCacheRegistry>);

        Assert.True(reader.Instruments > 0);
        Assert.Empty(reader.Collect());
    }

    [Fact]
    public void Two_caches_of_one_name_are_refused()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddBoundedMemoryCache(static options => options.Name = "pages")
            .AddKeyedBoundedByteCache("pages")
            .BuildServiceProvider();
        Assert.Throws<OptionsValidationException>(provider.GetRequiredService<BoundedMemoryCacheRegistry>);
    }

    [Fact]
    public void A_distributed_cache_takes_the_place_of_the_one_in_memory_only()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddDistributedMemoryCache()
            .AddBoundedDistributedCache(static options => options.MaxMemory = MiB)
            .AddDistributedMemoryCache()
            .AddBoundedDistributedCache(static options => options.MaxMemory = 2 * MiB)
            .AddKeyedBoundedDistributedCache("second")
            .BuildServiceProvider();
        IDistributedCache cache = Assert.Single(provider.GetServices<IDistributedCache>());
        cache.Set("a", [1, 2], new DistributedCacheEntryOptions());
        var bytes = provider.GetRequiredKeyedService<BoundedByteCache>("distributed-cache");
        Assert.Equal([1, 2], bytes.Get("a"));
        bytes.Engine.CheckInvariants();
        Assert.Null(provider.GetRequiredKeyedService<IDistributedCache>("second").Get("a"));
        Assert.IsAssignableFrom<IBufferDistributedCache>(cache);
        Assert.Equal(
            ["distributed-cache", "second"], provider.GetRequiredService<BoundedMemoryCacheRegistry>().Names);

        var other = new ServiceCollection();
        other.AddSingleton<IDistributedCache>(static _ => throw new NotSupportedException());
        var failure = Assert.Throws<InvalidOperationException>(() => other.AddBoundedDistributedCache());
        Assert.Contains("AddKeyedBoundedDistributedCache", failure.Message, StringComparison.Ordinal);
        other.AddKeyedBoundedDistributedCache("mine");
    }

    [Fact]
    public void Another_distributed_cache_is_never_removed_in_silence()
    {
        IServiceCollection services = new ServiceCollection().AddBoundedDistributedCache();
        services.AddSingleton<IDistributedCache>(static _ => throw new NotSupportedException());
        Assert.Throws<InvalidOperationException>(() => services.AddBoundedDistributedCache());
        Assert.Equal(2, services.Count(static service => service.ServiceType == typeof(IDistributedCache)));

        services.AddKeyedBoundedDistributedCache("mine").AddKeyedBoundedDistributedCache("mine");
        services.AddKeyedSingleton<IDistributedCache>("mine", static (_, _) => throw new NotSupportedException());
        var failure = Assert.Throws<InvalidOperationException>(() => services.AddKeyedBoundedDistributedCache("mine"));
        Assert.Contains("'mine'", failure.Message, StringComparison.Ordinal);
        services.AddKeyedBoundedDistributedCache("other");
    }

    [Fact]
    public void A_memory_report_tells_what_byte_caches_hold()
    {
        using BoundedByteCache cache = Make(32 * MiB);
        for (int i = 0; i < 20_000; i++)
        {
            cache.Set($"k{i}", Value(i, 1000));
        }

        MemoryReport report = MemoryReport.Capture(MemoryReportMode.Observe, cache);

        MemoryReportPart part = Assert.Single(
            report.Rows.Single(static row => row.Kind == MemoryReportRowKind.Native).Parts,
            static part => part.Name == "byte caches");
        Assert.True(part.Bytes >= cache.UsedMemory);
        Assert.False(part.IsEstimate);
        cache.Engine.CheckInvariants();
    }

    private sealed class NoTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            throw new InvalidTimeZoneException();
    }
}
