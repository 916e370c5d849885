using System.Diagnostics.Metrics;
using BoundedCache.Engine;
using BoundedCache.Harness;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// What a cache counts while many threads change it: every set and every departure, once, by its reason.
/// </summary>
[Collection(StressTests.Name)]
public class TotalsTests
{
    private const int Keys = 2_000;
    private const int Writers = 3;

    private readonly ManualTimeProvider _time = new();
    private readonly long[] _called = new long[(int)EvictionReason.Capacity + 1];
    private readonly BoundedMemoryCache _cache;
    private long _sets;

    public TotalsTests() => _cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
    {
        MaxMemory = Keys * 50L,
        Sizing = EntrySizing.Declared,
        ReleaseMode = ReleaseMode.None,
        TimeProvider = _time,
    });

    [Fact]
    public void What_came_less_what_left_is_what_is_there_at_every_moment_and_callbacks_agree_with_it()
    {
        // Runs again if a busy machine gave some thread too little time, so that a kind of departure did not occur.
        for (int run = 0; run < 20 && !Left(_cache.GetSnapshot()).All(static totals => totals.Entries > 0); run++)
        {
            new Crowd()
                .Add("writer", Writers, _ => Write)
                .Add("remover", random =>
                {
                    _cache.Remove(random.Next(Keys));
                    _cache.TryGetValue(random.Next(Keys), out object? _);
                })
                .Add("resizer", random =>
                {
                    _cache.MaxMemory = random.Next(1, Keys * 100);
                    _time.Advance(TimeSpan.FromSeconds(1));
                    _cache.Engine.RemoveExpired(static failure => throw failure);
                    if (random.Next(5) == 0)
                    {
                        _cache.Compact(random.NextDouble());
                    }

                    if (random.Next(200) == 0)
                    {
                        _cache.Clear();
                    }
                })
                .Add("observer", _ => Check(_cache.GetSnapshot()))
                .Run(TimeSpan.FromSeconds(2));
        }

        Assert.True(_cache.WaitForCallbacks(TimeSpan.FromMinutes(1)), "the callbacks did not finish");
        InvariantChecker.Check(_cache.Engine);
        CacheSnapshot snapshot = _cache.GetSnapshot();
        EvictionTotals left = snapshot.Evictions;
        Check(snapshot);
        Assert.Equal(_sets, snapshot.Insertions + snapshot.Refused);
        Assert.Equal(
            _called[(int)EvictionReason.Capacity],
            (left.Capacity + left.Shrink + left.Compact).Entries + snapshot.RefusedTooLarge);
        Assert.Equal(_called[(int)EvictionReason.Expired], left.Expired.Entries + snapshot.RefusedExpired);
        Assert.Equal(_called[(int)EvictionReason.Removed], left.Removed.Entries);
        Assert.Equal(_called[(int)EvictionReason.Replaced], left.Replaced.Entries);
        Assert.All(Left(snapshot), static totals => Assert.True(totals.Entries > 0));
        _cache.Dispose();
    }

    /// <remarks>
    /// Caches of one name are created and disposed while they are observed; none may be missed, and no counter may
    /// fall.
    /// </remarks>
    [Fact]
    public void Counters_of_caches_that_share_a_name_never_fall_while_some_come_and_go()
    {
        using var meters = new MeterFactory();
        using BoundedMemoryCache stays = Create(meters);
        long last = 0;
        long seen = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Name == "bounded_cache.insertions")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => seen = value);
        listener.Start();
        long inserted = 0;
        new Crowd()
            .Add("owner", 2, _ => _ =>
            {
                using BoundedMemoryCache cache = Create(meters);
                cache.Set("key", 1);
                Interlocked.Increment(ref inserted);
            })
            .Add("observer", _ =>
            {
                listener.RecordObservableInstruments();
                Assert.True(seen >= last, $"{seen} insertions after {last}");
                last = seen;
            })
            .Run(TimeSpan.FromSeconds(1));
        listener.RecordObservableInstruments();

        Assert.Equal(inserted, seen);
    }

    private static EntryTotals[] Left(CacheSnapshot snapshot)
    {
        EvictionTotals left = snapshot.Evictions;
        return [left.Capacity, left.Shrink, left.Compact, left.Expired, left.Removed, left.Replaced];
    }

    private static void Check(CacheSnapshot snapshot)
    {
        Assert.Equal(snapshot.Count, snapshot.Insertions - snapshot.Evictions.All.Entries);
        Assert.True(snapshot.UsedMemory >= 0);
    }

    private static BoundedMemoryCache Create(IMeterFactory meters) =>
        new(new BoundedMemoryCacheOptions { Name = "same", ReleaseMode = ReleaseMode.None }, null, meters);

    private void Write(Random random)
    {
        using ICacheEntry entry = _cache.CreateEntry(random.Next(Keys));
        entry.Value = "value";
        entry.Size = random.Next(50) == 0 ? Keys * 1000L : random.Next(100);
        if (random.Next(4) == 0)
        {
            entry.AbsoluteExpiration = _time.GetUtcNow().AddSeconds(random.Next(0, 20));
        }

        entry.RegisterPostEvictionCallback((_, _, reason, _) => Interlocked.Increment(ref _called[(int)reason]));
        Interlocked.Increment(ref _sets);
    }
}
