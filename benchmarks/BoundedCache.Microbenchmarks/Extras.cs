using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using BoundedCache.Harness;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Microbenchmarks;

/// <summary>
/// What a hit costs beside what is optional: expiration, statistics, metrics that somebody listens to.
/// </summary>
public sealed class Extras : IDisposable
{
    private readonly MeterFactory _meters = new();
    private readonly MeterListener _listener = new();
    private IMemoryCache _cache = null!;
    private string[] _keys = [];
    private int _next;

    /// <summary>What is switched on.</summary>
    public enum Extra
    {
        Nothing,
        AbsoluteExpiration,
        SlidingExpiration,
        Statistics,
        Metrics,
    }

    [ParamsAllValues]
    public Extra With { get; set; }

    [Params("bounded", "memory-cache")]
    public string Cache { get; set; } = "";

    [Params(1_000, 100_000)]
    public int Entries { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _listener.InstrumentPublished = static (instrument, self) => self.EnableMeasurementEvents(instrument);
        if (With == Extra.Metrics)
        {
            _listener.Start();
        }

        bool statistics = With == Extra.Statistics;
        _cache = Cache == "bounded"
            ? new BoundedMemoryCache(
                new BoundedMemoryCacheOptions
                {
                    MaxMemory = long.MaxValue,
                    ReleaseMode = ReleaseMode.None,
                    TrackStatistics = statistics,
                },
                meterFactory: With == Extra.Metrics ? _meters : null)
            : new MemoryCache(new MemoryCacheOptions { TrackStatistics = statistics || With == Extra.Metrics });
        foreach (int i in KeySet.FillOrder(Entries))
        {
            using ICacheEntry entry = _cache.CreateEntry(EntryKey.Create(i));
            entry.Value = this;
            entry.AbsoluteExpirationRelativeToNow = With == Extra.AbsoluteExpiration ? TimeSpan.FromDays(1) : null;
            entry.SlidingExpiration = With == Extra.SlidingExpiration ? TimeSpan.FromDays(1) : null;
        }

        _keys = [.. KeySet.Draw(KeyKind.String24, Entries).Cast<string>()];
        GC.Collect();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _cache.Dispose();
        _listener.Dispose();
        _meters.Dispose();
    }

    [Benchmark]
    public bool Hit() => _cache.TryGetValue(_keys[_next++ & (KeySet.Draws - 1)], out _);
}
