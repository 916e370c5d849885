using BoundedCache.Diagnostics;
using BoundedCache.Entries;
using BoundedCache.Release;
using BoundedCache.Tests.Diagnostics;

namespace BoundedCache.Tests;

public sealed class CacheSnapshotTests
{
    [Fact]
    public void Limit_bytes_entries_and_lookups_are_those_of_the_cache()
    {
        using var test = new CacheUnderTest(static options => options.TrackStatistics = true);
        test.Set("key", new byte[100]);
        test.Has("key");
        test.Has("key");
        test.Has("key");
        test.Has("other");
        CacheSnapshot snapshot = test.Cache.GetSnapshot();

        Assert.Equal(("test", EntrySizing.Measured), (snapshot.Name, snapshot.Sizing));
        Assert.Equal(
            (test.Cache.MaxMemory, test.Cache.UsedMemory, 1),
            (snapshot.MaxMemory, snapshot.UsedMemory, snapshot.Count));
        Assert.Equal((3, 1, 0.75), (snapshot.Hits, snapshot.Misses, snapshot.HitRatio));
        Assert.Equal(
            (1, 0, 0, null), (snapshot.Insertions, snapshot.Refused, snapshot.LostTouches, snapshot.LastReport));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_nothing_yields_the_limit_that_holds_is_the_one_that_was_set(bool isBytes)
    {
        using IDisposable cache = isBytes
            ? new BoundedByteCache(new BoundedByteCacheOptions { MaxMemory = 1 << 20 }, null, null, null)
            : new BoundedMemoryCache(
                new BoundedMemoryCacheOptions { MaxMemory = 1 << 20, ReleaseMode = ReleaseMode.None });
        var bounded = (IBoundedCache)cache;
        bool isOver = false;
        Task changing = Task.Run(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                bounded.MaxMemory = i % 2 == 0 ? 8 << 20 : 1 << 20;
            }

            Volatile.Write(ref isOver, true);
        });
        var wrong = new List<CacheSnapshot>();
        while (!Volatile.Read(ref isOver))
        {
            CacheSnapshot snapshot = bounded.GetSnapshot();
            if (snapshot.EffectiveMaxMemory > snapshot.MaxMemory
                || (snapshot.Pressure is null && snapshot.EffectiveMaxMemory != snapshot.MaxMemory))
            {
                wrong.Add(snapshot);
            }
        }

        await changing;
        Assert.Empty(wrong);
    }

    [Fact]
    public void Before_the_first_lookup_there_is_no_hit_ratio()
    {
        using var test = new CacheUnderTest(static options => options.TrackStatistics = true);

        Assert.Equal((0, null), (test.Cache.GetSnapshot().Hits, test.Cache.GetSnapshot().HitRatio));
    }

    [Fact]
    public void Entries_that_left_are_told_apart_by_their_reason()
    {
        using var test = new CacheUnderTest(
            static options => (options.MaxMemory, options.Sizing) = (100, EntrySizing.Declared));
        CacheInstrumentsTests.EvictOneWayEach(test);
        CacheSnapshot snapshot = test.Cache.GetSnapshot();

        Assert.Equal(
            new EvictionTotals
            {
                Capacity = new(2, 60),
                Shrink = new(2, 41),
                Compact = new(1, 4),
                Expired = new(1, 2),
                TokenExpired = new(1, 3),
                Removed = new(1, 1),
                Replaced = new(1, 99),
            },
            snapshot.Evictions);
        Assert.Equal(5, snapshot.ExpiredBytes);
        Assert.Equal(new EntryTotals(9, 210), snapshot.Evictions.All);
        Assert.Equal(9, snapshot.Insertions);
    }

    [Fact]
    public void Refused_entries_are_told_apart_by_their_reason()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(1);
        test.Set("too large", 1, static entry => entry.Size = 2);
        test.Set("too large, too", 1, static entry => entry.Size = 2);
        test.Set("late", 1, entry => entry.AbsoluteExpiration = test.Time.GetUtcNow());
        CacheSnapshot snapshot = test.Cache.GetSnapshot();

        Assert.Equal(
            (2, 1, 3, 0), (snapshot.RefusedTooLarge, snapshot.RefusedExpired, snapshot.Refused, snapshot.Insertions));
    }

    [Fact]
    public async Task Shrinks_are_counted_and_the_last_report_is_kept()
    {
        using var test = new CacheUnderTest();
        test.Cache.MaxMemory = 2_000_000;
        test.Cache.MaxMemory = 1_000;
        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(500);
        CacheSnapshot snapshot = test.Cache.GetSnapshot();

        Assert.Equal((2, 500), (snapshot.Shrinks, snapshot.MaxMemory));
        Assert.Same(report, snapshot.LastReport);
        Assert.Equal((0, TimeSpan.Zero), (snapshot.ReleasedBytes, snapshot.GCPause));
    }

    [Fact]
    public async Task A_release_is_counted_with_its_pause()
    {
        using var test = new CacheUnderTest();
        ShrinkReport report = await test.Cache.ReleaseAsync();

        Assert.True(report.GCPause > TimeSpan.Zero);
        Assert.Equal(report.GCPause, test.Cache.GetSnapshot().GCPause);
        Assert.Equal((0, report), (test.Cache.GetSnapshot().Shrinks, test.Cache.GetSnapshot().LastReport));
    }

    [Fact]
    public void A_release_that_served_several_caches_is_counted_with_one_of_them()
    {
        using var one = new CacheUnderTest();
        using var two = new CacheUnderTest();
        ProcessMemorySnapshot before = ProcessMemorySnapshot.Take();
        var release = new ReleaseResult
        {
            Outcome = ReleaseOutcome.Released,
            Reason = "a test",
            Advice = [],
            Before = before,
            After = before with { ResidentBytes = before.ResidentBytes - 1000 },
            GCPause = TimeSpan.FromMilliseconds(3),
            Collections = 1,
            Duration = TimeSpan.Zero,
        };
        one.Cache.OnReleased(release);
        two.Cache.OnReleased(release);

        Assert.Equal(
            (1000, TimeSpan.FromMilliseconds(3)),
            (one.Cache.GetSnapshot().ReleasedBytes, one.Cache.GetSnapshot().GCPause));
        Assert.Equal((0, TimeSpan.Zero), (two.Cache.GetSnapshot().ReleasedBytes, two.Cache.GetSnapshot().GCPause));
    }

    [Fact]
    public void The_table_is_as_large_as_its_entries_need()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = long.MaxValue);
        long empty = test.Cache.GetSnapshot().TableBytes;
        for (int i = 0; i < 10_000; i++)
        {
            test.Cache.Set(i, i);
        }

        long full = test.Cache.GetSnapshot().TableBytes;
        for (int i = 0; i < 10_000; i++)
        {
            test.Cache.Set(i, i, TimeSpan.FromHours(1));
        }

        long withDeadlines = test.Cache.GetSnapshot().TableBytes;
        test.Cache.Clear();

        Assert.InRange(empty, 1, 1_000);
        Assert.InRange(full, 10_000 * 48, 10_000 * 70);
        Assert.InRange(withDeadlines, full + (10_000 * 8), full + (10_000 * 11));
        Assert.InRange(test.Cache.GetSnapshot().TableBytes, 1, 3_000);
    }

    [Fact]
    public void A_disposed_cache_still_answers()
    {
        var test = new CacheUnderTest();
        test.Set("key", 1);
        test.Dispose();

        Assert.Equal((0, 1), (test.Cache.GetSnapshot().Count, test.Cache.GetSnapshot().Evictions.Removed.Entries));
    }

    [Fact]
    public void The_limit_that_holds_is_the_limit_that_was_set()
    {
        using var test = new CacheUnderTest();
        test.Cache.MaxMemory = 12_345;

        Assert.Equal(12_345, test.Cache.EffectiveMaxMemory);
        Assert.Equal(12_345, test.Cache.GetSnapshot().EffectiveMaxMemory);
        Assert.Equal(7, new CacheSnapshot { MaxMemory = 10, EffectiveMaxMemory = 7 }.EffectiveMaxMemory);
    }

    [Fact]
    public void Who_builds_a_snapshot_sets_what_it_needs()
    {
        var snapshot = new CacheSnapshot { Name = "pages", MaxMemory = 100 };

        Assert.Equal((0, 0, null), (snapshot.ExpiredBytes, snapshot.Refused, snapshot.HitRatio));
        Assert.Equal("pages: 0 entries, 0 B of 100 B; 0 stored, 0 left (0 B), 0 refused", snapshot.ToString());
        Assert.Equal("none", snapshot.Evictions.ToString());
    }

    [Fact]
    public void A_snapshot_reads_as_one_line()
    {
        var evictions = new EvictionTotals { Capacity = new(1_234, 5 << 20), TokenExpired = new(1, 10) };
        var snapshot = new CacheSnapshot
        {
            Name = "sessions",
            MaxMemory = 1L << 30,
            EffectiveMaxMemory = 512L << 20,
            UsedMemory = 924L << 20,
            Count = 12_345,
            Hits = 951,
            Misses = 49,
            Insertions = 13_580,
            Evictions = evictions,
            RefusedTooLarge = 2,
        };

        Assert.Equal(
            "sessions: 12,345 entries, 924 MiB of 1 GiB (now 512 MiB); hit ratio 95.1 %; "
                + "13,580 stored, 1,235 left (5 MiB), 2 refused",
            snapshot.ToString());
        Assert.Equal(
            "sessions: 12,345 entries, 968,884,224 units of 1,073,741,824 units",
            (snapshot with { Sizing = EntrySizing.Declared, EffectiveMaxMemory = 1L << 30 }).ToString().Split(';')[0]);
        Assert.Equal("capacity 1,234 (5,242,880 charged), token expired 1 (10 charged)", evictions.ToString());
    }

    [Theory]
    [InlineData(ReleaseMode.None, ReleaseMode.Full)]
    [InlineData(ReleaseMode.Full, ReleaseMode.Full)]
    [InlineData(ReleaseMode.Gentle, ReleaseMode.Gentle)]
    public async Task A_release_without_a_mode_uses_the_caches_own(ReleaseMode own, ReleaseMode used)
    {
        using var test = new CacheUnderTest(options => options.ReleaseMode = own);

        Assert.Equal(used, (await test.Cache.ReleaseAsync()).ReleaseMode);
    }

    [Fact]
    public async Task An_explicit_mode_of_none_releases_nothing()
    {
        using var test = new CacheUnderTest(static options => options.ReleaseMode = ReleaseMode.Full);

        ShrinkReport report = await test.Cache.ReleaseAsync(ReleaseMode.None);

        Assert.Equal((ReleaseMode.None, ReleaseOutcome.NotRequested), (report.ReleaseMode, report.Outcome));
    }

    [Theory]
    [InlineData(1, 2, 2)]
    [InlineData(2, 1, 2)]
    public void The_last_report_is_that_of_the_operation_that_began_last(long first, long second, long expected)
    {
        var counters = new CacheCounters();
        counters.OnReport(new ShrinkReport { Started = first });
        counters.OnReport(new ShrinkReport { Started = second });

        Assert.Equal(expected, counters.LastReport!.Started);
    }

    [Fact]
    public void A_release_that_was_owed_reports_on_its_own_operation_again()
    {
        var counters = new CacheCounters();
        var atOnce = new ShrinkReport { Started = 1 };
        counters.OnReport(atOnce);
        counters.OnReport(atOnce with { Outcome = ReleaseOutcome.Released });

        Assert.Equal(ReleaseOutcome.Released, counters.LastReport!.Outcome);
    }

    [Fact]
    public void A_release_during_which_the_process_grew_released_nothing()
    {
        var counters = new CacheCounters();
        counters.OnReleased(10, TimeSpan.FromMilliseconds(1));
        counters.OnReleased(-5, TimeSpan.FromMilliseconds(1));

        Assert.Equal((10, TimeSpan.FromMilliseconds(2)), (counters.ReleasedBytes, counters.GCPause));
    }

    [Fact]
    public void Limits_of_all_caches_add_up_to_no_more_than_the_largest_number()
    {
        using var one = new CacheUnderTest(static options => options.MaxMemory = long.MaxValue);
        using var two = new CacheUnderTest(static options => options.MaxMemory = long.MaxValue);

        Assert.Equal(long.MaxValue, LiveCaches.LimitBytes);
    }
}
