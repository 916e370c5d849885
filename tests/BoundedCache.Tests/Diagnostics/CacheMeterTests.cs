using System.Diagnostics.Metrics;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Diagnostics;

public sealed class CacheMeterTests
{
    [Fact]
    public void Bytes_limit_and_entries_are_observed()
    {
        using var meters = new TestMeterFactory();
        using BoundedMemoryCache cache = Create(meters, trackStatistics: false);
        cache.Set("key", 1, new MemoryCacheEntryOptions { Size = 7 });

        Assert.Equal(
            ["bounded_cache.entries {entry} 1 cache.name=test", "bounded_cache.memory.limit By 100 cache.name=test", "bounded_cache.memory.used By 7 cache.name=test"],
            Collect(meters));
    }

    [Fact]
    public void Requests_are_observed_where_statistics_are_tracked()
    {
        using var meters = new TestMeterFactory();
        using BoundedMemoryCache cache = Create(meters, trackStatistics: true);
        cache.Set("key", 1, new MemoryCacheEntryOptions { Size = 7 });
        cache.Get("key");
        cache.Get("key");
        cache.Get("other");

        Assert.Equal(
            ["bounded_cache.requests {request} 1 cache.name=test cache.request.outcome=miss", "bounded_cache.requests {request} 2 cache.name=test cache.request.outcome=hit"],
            Collect(meters).Where(static line => line.Contains("requests", StringComparison.Ordinal)));
    }

    [Fact]
    public void Caches_are_told_apart_by_their_names()
    {
        using var meters = new TestMeterFactory();
        using BoundedMemoryCache one = Create(meters, trackStatistics: false, "one");
        using BoundedMemoryCache two = Create(meters, trackStatistics: false, "two");

        Assert.Equal(3, Collect(meters).Count(static line => line.EndsWith("=one", StringComparison.Ordinal)));
        Assert.Equal(3, Collect(meters).Count(static line => line.EndsWith("=two", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_meter_is_named_after_the_library()
    {
        using var meters = new TestMeterFactory();
        using BoundedMemoryCache cache = Create(meters, trackStatistics: false);

        Assert.Equal("BoundedCache", Assert.Single(meters.Meters).Name);
    }

    private static BoundedMemoryCache Create(TestMeterFactory meters, bool trackStatistics, string name = "test") =>
        new(new BoundedMemoryCacheOptions { Name = name, MaxMemory = 100, Sizing = EntrySizing.Declared, TrackStatistics = trackStatistics }, null, meters);

    /// <summary>One line per measurement: name, unit, value and tags.</summary>
    private static List<string> Collect(TestMeterFactory meters)
    {
        List<string> lines = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            lines.Add($"{instrument.Name} {instrument.Unit} {value} {string.Join(' ', tags.ToArray().Select(static tag => $"{tag.Key}={tag.Value}"))}"));
        listener.Start();
        listener.RecordObservableInstruments();
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }
}
