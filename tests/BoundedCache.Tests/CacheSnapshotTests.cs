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
        Assert.InRange(test.Cache.GetSnapshot().TableBytes, 1, 100_000);
    }

    [Fact]
    public void A_disposed_cache_still_answers()
    {
        var test = new CacheUnderTest();
        test.Set("key", 1);
        test.Dispose();

        Assert.Equal((0, 1), (test.Cache.GetSnapshot().Count, test.Cache.GetSnapshot().Evictions.Removed.Entries));
    }
}
