using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using BoundedCache.Diagnostics;
using BoundedCache.Harness;
using BoundedCache.Tests.Sizing;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Tests.Diagnostics;

/// <summary>Several caches on one meter: caches of one name, and thousands of caches.</summary>
[Collection(HeapTests.Name)]
public sealed class SharedMeterTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterFactory _meters = new();

    [Fact]
    public void Caches_of_one_name_are_added_up_in_one_series()
    {
        using var log = new RecordingLog();
        using var reader = new MeterReader(_meters);
        using BoundedMemoryCache one = Create(_meters, log);
        using BoundedMemoryCache two = Create(_meters, log);
        one.Set("key", 1);
        two.Set("key", 1);
        two.Get("key");

        string[] lines = reader.Collect("same");
        Assert.Contains("entries 2", lines);
        Assert.Contains("requests 1 hit", lines);
        Assert.Single(lines, static line => line.StartsWith("entries", StringComparison.Ordinal));
        Assert.Equal(["NameShared"], log.Events);
    }

    [Fact]
    public void Limits_that_are_the_largest_number_add_up_to_it()
    {
        using var reader = new MeterReader(_meters);
        using BoundedMemoryCache one = Create(_meters);
        using BoundedMemoryCache two = Create(_meters);
        one.MaxMemory = two.MaxMemory = long.MaxValue;

        Assert.Contains($"memory.limit {long.MaxValue}", reader.Collect("same"));
    }

    [Fact]
    public void Counters_do_not_fall_when_one_of_several_caches_of_a_name_is_disposed()
    {
        using var reader = new MeterReader(_meters);
        BoundedMemoryCache one = Create(_meters);
        using BoundedMemoryCache two = Create(_meters);
        one.Set("key", 1);
        two.Set("key", 1);
        one.Dispose();

        string[] lines = reader.Collect("same");
        Assert.Contains("insertions 2", lines);
        Assert.Contains("evictions 1 removed", lines);
        Assert.Contains("entries 1", lines);
    }

    [Fact]
    public void Counters_do_not_fall_when_one_of_several_caches_of_a_name_is_collected()
    {
        using var reader = new MeterReader(_meters);
        using BoundedMemoryCache one = Create(_meters);
        one.Set("key", 1);
        WeakReference dropped = Drop(_meters, reader);

        Assert.True(Eventually.Dead(dropped));
        Assert.Contains("insertions 2", reader.Collect("same"));
        Assert.Contains("entries 1", reader.Collect("same"));
    }

    [Fact]
    public void A_series_ends_with_its_last_cache_and_begins_anew_with_the_next()
    {
        using var log = new RecordingLog();
        using var reader = new MeterReader(_meters);
        using (BoundedMemoryCache one = Create(_meters, log))
        {
            one.Set("key", 1);
        }

        Assert.Empty(reader.Collect());
        using BoundedMemoryCache two = Create(_meters, log);
        Assert.Contains("insertions 0", reader.Collect("same"));
        Assert.Empty(log.Events);
    }

    [Fact]
    public void Ten_thousand_caches_that_are_created_and_dropped_leave_nothing_behind()
    {
        using var meters = new MeterFactory();
        using var reader = new MeterReader(meters);
        using BoundedMemoryCache first = Create(meters, name: "first");
        int instruments = reader.Instruments;
        ObservedCaches caches = CacheInstruments.GetOrCreate(meters).Caches;
        int most = 0;
        for (int wave = 0; wave < 100; wave++)
        {
            WeakReference[] dropped = CreateAndDrop(meters, 100);
            most = Math.Max(most, caches.Count);
            Assert.True(Eventually.Dead(dropped), "a cache is still alive");
        }

        // No listener collected. Even so, the number of dead caches stays close to the number that lived at one time.
        Assert.InRange(most, 100, 500);
        Assert.All(reader.Collect(), static one => Assert.Equal("first", one.Cache));
        Assert.Equal(1, caches.Count);
        Assert.Equal(instruments, reader.Instruments);
        Assert.Single(meters.Meters);
    }

    [Fact]
    public void A_factory_that_answers_the_same_meter_again_gets_one_set_of_instruments()
    {
        IMeterFactory factory = _services.GetRequiredService<IMeterFactory>();
        Assert.Same(factory.Create(CacheInstruments.MeterName), factory.Create(CacheInstruments.MeterName));
        using var reader = new MeterReader(factory);
        using BoundedMemoryCache one = Create(factory, name: "one");
        int instruments = reader.Instruments;
        using BoundedMemoryCache two = Create(factory, name: "two");

        Assert.Equal(instruments, reader.Instruments);
        Assert.Single(reader.Collect("one"), static line => line.StartsWith("entries", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_factories_with_the_same_meter_share_one_set_of_instruments()
    {
        IMeterFactory factory = _services.GetRequiredService<IMeterFactory>();
        using BoundedMemoryCache one = Create(factory, name: "one");

        Assert.Same(CacheInstruments.GetOrCreate(factory), CacheInstruments.GetOrCreate(new Wrapper(factory)));
    }

    [Fact]
    public void A_factory_that_is_dropped_goes_with_its_meter_and_instruments() =>
        Assert.True(Eventually.Dead(DropFactory()), "the factory or its instruments are still alive");

    [Fact]
    public void Threads_that_make_caches_at_once_make_one_set_of_instruments()
    {
        for (int i = 0; i < 50; i++)
        {
            var made = new CacheInstruments[4];
            using var meters = new SlowFactory();
            Parallel.For(0, made.Length, thread => made[thread] = CacheInstruments.GetOrCreate(meters));

            Assert.All(made, instruments => Assert.Same(made[0], instruments));
            Assert.Equal(1, meters.MetersWithInstruments());
        }
    }

    public void Dispose()
    {
        _services.Dispose();
        _meters.Dispose();
    }

    private static BoundedMemoryCache Create(IMeterFactory meters, RecordingLog? log = null, string name = "same") =>
        new(new BoundedMemoryCacheOptions { Name = name, ReleaseMode = ReleaseMode.None }, log, meters);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Drop(IMeterFactory meters, MeterReader reader)
    {
        BoundedMemoryCache cache = Create(meters);
        cache.Set("key", 1);
        Assert.Contains("insertions 2", reader.Collect("same"));
        return new WeakReference(cache);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] CreateAndDrop(IMeterFactory meters, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new WeakReference(Create(meters, name: $"cache {i % 10}")))];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] DropFactory()
    {
        var meters = new MeterFactory();
        BoundedMemoryCache cache = Create(meters);
        WeakReference[] references =
            [new(meters), new(meters.Meters[0]), new(CacheInstruments.GetOrCreate(meters)), new(cache)];

        // The runtime itself references a meter until it is disposed.
        meters.Dispose();
        return references;
    }

    private sealed class Wrapper(IMeterFactory inner) : IMeterFactory
    {
        public Meter Create(MeterOptions options) => inner.Create(new MeterOptions(options.Name));

        public void Dispose()
        {
        }
    }

    /// <summary>A factory that creates a new meter each time, for all threads at the same time.</summary>
    private sealed class SlowFactory : IMeterFactory
    {
        private readonly List<Meter> _made = [];

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            var meter = new Meter(options);
            lock (_made)
            {
                _made.Add(meter);
            }

            Thread.Yield();
            return meter;
        }

        public int MetersWithInstruments()
        {
            var seen = new HashSet<Meter>();
            using var listener = new MeterListener
            {
                InstrumentPublished = (instrument, _) =>
                {
                    if (ReferenceEquals(instrument.Meter.Scope, this))
                    {
                        seen.Add(instrument.Meter);
                    }
                },
            };
            listener.Start();
            return seen.Count;
        }

        public void Dispose() => _made.ForEach(static meter => meter.Dispose());
    }
}
