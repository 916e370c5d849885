using System.Diagnostics.Metrics;
using BoundedCache.Tests.Sizing;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace BoundedCache.Tests.Diagnostics;

/// <summary>
/// The instruments through the OpenTelemetry SDK, as an application uses them: with a container, a meter
/// provider and an exporter.
/// </summary>
[Collection(HeapTests.Name)]
public sealed class OpenTelemetryTests : IDisposable
{
    private readonly ServiceProvider _services;
    private readonly List<MetricSnapshot> _exported = [];
    private readonly MeterProvider _provider;

    public OpenTelemetryTests()
    {
        _provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter("BoundedCache")
            .AddInMemoryExporter(
                _exported, static reader => reader.TemporalityPreference = MetricReaderTemporalityPreference.Cumulative)
            .Build();
        _services = new ServiceCollection()
            .AddMetrics()
            .AddBoundedMemoryCache(static options =>
                (options.Name, options.MaxMemory, options.Sizing) = ("products", 100, EntrySizing.Declared))
            .BuildServiceProvider();
    }

    [Fact]
    public void What_a_cache_does_arrives_at_the_exporter()
    {
        BoundedMemoryCache cache = _services.GetRequiredService<BoundedMemoryCache>();
        cache.Set("a", 1, Sized(60));
        cache.Set("b", 1, Sized(60));
        cache.Set("too large", 1, Sized(101));
        cache.Get("a");
        cache.Get("b");
        cache.Get("b");

        Assert.Equal(
            [
                "bounded_cache.caches {cache} LongSumNonMonotonic: "
                    + "cache.eviction.policy=least_recently_used cache.name=products 1",
                "bounded_cache.entries {entry} LongSumNonMonotonic: cache.name=products 1",
                "bounded_cache.evictions {entry} LongSum: cache.eviction.reason=capacity cache.name=products 1",
                "bounded_cache.insertions {entry} LongSum: cache.name=products 2",
                "bounded_cache.memory.effective_limit By LongSumNonMonotonic: cache.name=products 100",
                "bounded_cache.memory.evicted By LongSum: cache.eviction.reason=capacity cache.name=products 60",
                "bounded_cache.memory.limit By LongSumNonMonotonic: cache.name=products 100",
                "bounded_cache.memory.used By LongSumNonMonotonic: cache.name=products 60",
                "bounded_cache.refusals {entry} LongSum: cache.name=products cache.refusal.reason=too_large 1",
                "bounded_cache.requests {request} LongSum: cache.name=products cache.request.type=hit 2",
                "bounded_cache.requests {request} LongSum: cache.name=products cache.request.type=miss 1",
            ],
            Export().Where(static line => !line.EndsWith(" 0", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_shrink_arrives_with_its_duration_its_pause_and_its_evictions()
    {
        BoundedMemoryCache cache = _services.GetRequiredService<BoundedMemoryCache>();
        cache.Set("a", 1, Sized(60));
        cache.MaxMemory = 10;
        ShrinkReport report = await cache.ReleaseAsync();

        Assert.True(report.Collections > 0);
        string[] lines = Export();
        Assert.Contains(
            "bounded_cache.evictions {entry} LongSum: cache.eviction.reason=shrink cache.name=products 1", lines);
        Assert.Contains("bounded_cache.shrinks {shrink} LongSum: cache.name=products 1", lines);
        Assert.Contains(lines, static line => line.StartsWith(
            "bounded_cache.shrink.duration s Histogram: cache.name=products cache.release.outcome=",
            StringComparison.Ordinal)
            && line.EndsWith(" 1 of 15 buckets", StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.StartsWith(
            "bounded_cache.gc.pause.duration s Histogram: cache.name=products ", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_caches_of_one_name_arrive_as_one_series()
    {
        using BoundedMemoryCache one = _services.GetRequiredService<BoundedMemoryCache>();
        using var two = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { Name = "products", MaxMemory = 50, Sizing = EntrySizing.Declared },
            null,
            _services.GetRequiredService<IMeterFactory>());
        one.Set("a", 1, Sized(3));
        two.Set("a", 1, Sized(4));

        Assert.Contains("bounded_cache.memory.used By LongSumNonMonotonic: cache.name=products 7", Export());
        two.Dispose();
        string[] lines = Export();
        Assert.Contains("bounded_cache.memory.used By LongSumNonMonotonic: cache.name=products 3", lines);
        Assert.Contains("bounded_cache.insertions {entry} LongSum: cache.name=products 2", lines);
    }

    public void Dispose()
    {
        _services.Dispose();
        _provider.Dispose();
    }

    private static MemoryCacheEntryOptions Sized(long size) => new() { Size = size };

    /// <summary>Collects, and returns one line for each series of the cache.</summary>
    private string[] Export()
    {
        _exported.Clear();
        Assert.True(_provider.ForceFlush());
        return [.. _exported.SelectMany(static metric => metric.MetricPoints.Select(point => Line(metric, point)))
            .Where(static line => line.Contains("=products", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
    }

    private static string Line(MetricSnapshot metric, MetricPoint point)
    {
        var tags = new List<string>();
        foreach (KeyValuePair<string, object?> tag in point.Tags)
        {
            tags.Add($"{tag.Key}={tag.Value}");
        }

        tags.Sort(StringComparer.Ordinal);
        return $"{metric.Name} {metric.Unit} {metric.MetricType}: {string.Join(' ', tags)} {Value(metric, point)}";
    }

    private static string Value(MetricSnapshot metric, MetricPoint point)
    {
        if (metric.MetricType != MetricType.Histogram)
        {
            return $"{point.GetSumLong()}";
        }

        int buckets = 0;
        foreach (HistogramBucket _ in point.GetHistogramBuckets())
        {
            buckets++;
        }

        return $"{point.GetHistogramCount()} of {buckets} buckets";
    }
}
