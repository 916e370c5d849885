using System.Diagnostics.Metrics;
using BoundedCache.Entries;
using BoundedCache.Harness;
using BoundedCache.Tests.Release;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests.Diagnostics;

/// <summary>What a listener receives about one cache.</summary>
[Collection(ReleasingCache.Collection)]
public sealed class CacheInstrumentsTests : IDisposable
{
    private readonly MeterFactory _meters = new();

    [Fact]
    public void Every_number_of_a_cache_is_measured()
    {
        using var reader = new MeterReader(_meters);
        using BoundedMemoryCache cache = Create();
        cache.Set("key", 1, Sized(7));
        cache.Set("key", 2, Sized(8));
        cache.Set("too large", 3, Sized(101));
        cache.Set("late", 4, Sized(1).SetAbsoluteExpiration(DateTimeOffset.UnixEpoch));
        cache.Get("key");
        cache.Get("key");
        cache.Get("other");
        cache.MaxMemory = 50;

        Assert.Equal(
            [
                "audited 0", "caches 0 scan_resistant", "caches 1 least_recently_used", "changed 0",
                "entries 1",
                "evictions 0 capacity", "evictions 0 compact", "evictions 0 expired", "evictions 0 removed",
                "evictions 0 shrink",
                "evictions 0 token_expired", "evictions 1 replaced",
                "insertions 2",
                "memory.effective_limit 50",
                "memory.evicted 0 capacity",
                "memory.evicted 0 compact",
                "memory.evicted 0 expired",
                "memory.evicted 0 removed",
                "memory.evicted 0 shrink", "memory.evicted 0 token_expired", "memory.evicted 7 replaced",
                "memory.grown 0", "memory.limit 50", "memory.overdue 0", "memory.released 0", "memory.uncharged 0",
                "memory.used 8",
                "refusals 1 expired", "refusals 1 too_large",
                "requests 1 miss", "requests 2 hit",
                "shrink.duration recorded not_requested", "shrinks 1", "size_estimates 0",
                "unfinished 0",
                "yields 0",
            ],
            reader.Collect("test"));
    }

    [Fact]
    public void Evictions_are_told_apart_by_their_reason()
    {
        using var reader = new MeterReader(_meters);
        using var test = new CacheUnderTest(
            static options => (options.MaxMemory, options.Sizing) = (100, EntrySizing.Declared), meters: _meters);
        EvictOneWayEach(test);
        string[] lines = reader.Collect("test");

        Assert.Equal(
            [
                "evictions 1 compact", "evictions 1 expired", "evictions 1 removed", "evictions 1 replaced",
                "evictions 1 token_expired",
                "evictions 2 capacity", "evictions 2 shrink",
            ],
            lines.Where(static line => line.StartsWith("evictions", StringComparison.Ordinal)));
        Assert.Contains("memory.evicted 60 capacity", lines);
        Assert.Contains("memory.evicted 41 shrink", lines);
    }

    [Fact]
    public void A_size_that_was_extrapolated_counts_as_an_estimate_and_one_that_was_not_does_not()
    {
        using var reader = new MeterReader(_meters);
        using var test = new CacheUnderTest(static options => options.MaxMemory = 1L << 30, meters: _meters);
        test.Cache.Set("measured", new List<Version> { new(1, 2) });
        Assert.Contains("size_estimates 0", reader.Collect("test"));

        // Many times what a walk visits.
        test.Cache.Set("extrapolated", Enumerable.Range(0, 100_000).Select(static i => new Version(i, 1)).ToList());
        Assert.Contains("size_estimates 1", reader.Collect("test"));
    }

    [Fact]
    public void Lookups_are_counted_from_the_first_where_somebody_listens_already()
    {
        using var reader = new MeterReader(_meters);
        using BoundedMemoryCache first = Create("first");
        using BoundedMemoryCache second = Create("second");
        second.Get("key");

        Assert.Contains("requests 1 miss", reader.Collect("second"));
    }

    [Fact]
    public void Lookups_are_counted_from_the_first_collection_where_somebody_listens_later()
    {
        using BoundedMemoryCache cache = Create();
        cache.Get("key");
        using var reader = new MeterReader(_meters);

        Assert.Contains("requests 0 miss", reader.Collect("test"));
        cache.Get("key");
        Assert.Contains("requests 1 miss", reader.Collect("test"));
    }

    [Fact]
    public void Lookups_are_counted_no_longer_when_a_write_finds_that_nobody_listens()
    {
        using BoundedMemoryCache cache = Create();
        using (var reader = new MeterReader(_meters))
        {
            reader.Collect();
            cache.Get("key");
        }

        cache.Set("write", 1, Sized(1));
        cache.Get("key");
        Assert.Equal(1, cache.GetSnapshot().Misses);

        using var later = new MeterReader(_meters);
        later.Collect();
        cache.Get("key");
        cache.Set("write", 1, Sized(1));
        cache.Get("key");
        Assert.Equal(3, cache.GetSnapshot().Misses);
    }

    [Fact]
    public void Without_a_listener_nobody_counts_lookups()
    {
        using BoundedMemoryCache cache = Create();
        cache.Get("key");

        Assert.Equal(
            (null, null, null), (cache.GetSnapshot().Hits, cache.GetSnapshot().Misses, cache.GetSnapshot().HitRatio));
    }

    [Fact]
    public void Caches_are_told_apart_by_their_names()
    {
        using var reader = new MeterReader(_meters);
        using BoundedMemoryCache one = Create("one");
        using BoundedMemoryCache two = Create("two");
        one.Set("key", 1, Sized(7));

        (string Cache, string Line)[] read = reader.Collect();
        Assert.Contains(("one", "memory.used 7"), read);
        Assert.Contains(("two", "memory.used 0"), read);
    }

    [Fact]
    public void Caches_are_counted_by_their_policy()
    {
        using var reader = new MeterReader(_meters);
        using var leastRecent = new CacheUnderTest(static options => options.Name = "one", meters: _meters);
        using var scanResistant = new CacheUnderTest(
            static options => (options.Name, options.EvictionPolicy) = ("two", EvictionPolicy.ScanResistant),
            meters: _meters);
        using var bytes = new BoundedByteCache(
            new BoundedByteCacheOptions { Name = "two", MaxMemory = 8 << 20 }, meterFactory: _meters);

        Assert.Equal(
            [
                ("one", "caches 0 scan_resistant"), ("one", "caches 1 least_recently_used"),
                ("two", "caches 1 least_recently_used"), ("two", "caches 1 scan_resistant"),
            ],
            reader.Collect().Where(static read => read.Line.StartsWith("caches", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void A_disposed_cache_is_no_longer_measured()
    {
        using var reader = new MeterReader(_meters);
        BoundedMemoryCache cache = Create();
        cache.Dispose();

        Assert.Empty(reader.Collect());
    }

    [Fact]
    public void The_meter_is_named_after_the_library()
    {
        using BoundedMemoryCache cache = Create();

        Assert.Equal("BoundedCache", Assert.Single(_meters.Meters).Name);
    }

    [Fact]
    public void A_listener_that_throws_costs_neither_the_cache_nor_a_shrink_its_report()
    {
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, _meters))
                {
                    self.EnableMeasurementEvents(instrument);
                    throw new InvalidTimeZoneException();
                }
            },
        };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => throw new InvalidTimeZoneException());
        listener.Start();
        using BoundedMemoryCache cache = Create();
        cache.MaxMemory = 1;

        Assert.Equal(1, cache.GetSnapshot().Shrinks);
        Assert.Equal(1, cache.GetSnapshot().LastReport!.NewMaxMemory);
    }

    [Fact]
    public async Task The_pause_of_a_gentle_release_without_a_full_collection_is_recorded()
    {
        using var reader = new MeterReader(_meters);
        using var test = new ReleasingCache();
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { Name = "test", MaxMemory = 100 },
            null,
            _meters,
            test.Releaser,
            test.Pacer,
            new Auditor(hasThread: false),
            test.Pressure);
        test.Process.DeadBytes = 400L << 20;

        ShrinkReport report = await cache.ReleaseAsync(ReleaseMode.Gentle);

        Assert.Equal(0, report.Collections);
        Assert.InRange(report.GCPause, TimeSpan.FromTicks(1), TimeSpan.FromMinutes(1));
        Assert.Contains("gc.pause.duration recorded", reader.Collect("test"));
    }

    public void Dispose() => _meters.Dispose();

    /// <summary>
    /// Removes one entry for each reason, but two of 30 for capacity, and two of 1 and 40 for a shrink.
    /// </summary>
    internal static void EvictOneWayEach(CacheUnderTest test)
    {
        using var token = new CancellationTokenSource();
        BoundedMemoryCache cache = test.Cache;
        cache.Set("removed", 1, Sized(1));
        cache.Remove("removed");
        cache.Set("expired", 1, Sized(2).SetAbsoluteExpiration(TimeSpan.FromSeconds(1)));
        test.Time.Advance(TimeSpan.FromSeconds(1));
        cache.Get("expired");
        cache.Set("token", 1, Sized(3).AddExpirationToken(new CancellationChangeToken(token.Token)));
        token.Cancel();
        cache.Get("token");
        cache.Set("compact", 1, Sized(4));
        cache.Compact(1);
        cache.Set("capacity 1", 1, Sized(30));
        cache.Set("capacity 2", 1, Sized(30));
        cache.Set("shrink 1", 1, Sized(1));
        cache.Set("shrink 2", 1, Sized(99));
        cache.Set("shrink 2", 1, Sized(40));
        cache.MaxMemory = 1;
    }

    private static MemoryCacheEntryOptions Sized(long size) => new() { Size = size };

    private BoundedMemoryCache Create(string name = "test") => new(
        new BoundedMemoryCacheOptions
        {
            Name = name,
            MaxMemory = 100,
            Sizing = EntrySizing.Declared,
            ReleaseMode = ReleaseMode.None,
        }, null, _meters);
}
