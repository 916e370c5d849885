using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

public sealed class StatisticsTests
{
    [Fact]
    public void There_are_none_unless_they_are_tracked()
    {
        using var test = new CacheUnderTest();
        test.Has("key");

        Assert.Null(test.Cache.GetCurrentStatistics());
    }

    [Fact]
    public void Hits_misses_entries_and_bytes_are_counted()
    {
        using var test = new CacheUnderTest(
            static options => (options.TrackStatistics, options.Sizing) = (true, EntrySizing.Declared));
        test.Set("key", 1, static entry => entry.Size = 7);
        test.Has("key");
        test.Cache.TryGetValue("key".AsSpan(), out _);
        test.Has("other");

        MemoryCacheStatistics statistics = test.Cache.GetCurrentStatistics()!;

        Assert.Equal((2, 1, 1, 7L), (
            statistics.TotalHits,
            statistics.TotalMisses,
            statistics.CurrentEntryCount,
            statistics.CurrentEstimatedSize));
    }

    [Fact]
    public void An_expired_entry_is_a_miss()
    {
        using var test = new CacheUnderTest(static options => options.TrackStatistics = true);
        test.Set("key", 1, static entry => entry.SetAbsoluteExpiration(TimeSpan.FromSeconds(1)));
        test.Time.Advance(TimeSpan.FromSeconds(1));
        test.Has("key");

        Assert.Equal(
            (0, 1), (test.Cache.GetCurrentStatistics()!.TotalHits, test.Cache.GetCurrentStatistics()!.TotalMisses));
    }

    [Fact]
    public void Every_thread_counts()
    {
        using var test = new CacheUnderTest(static options => options.TrackStatistics = true);
        test.Set("key", 1);
        for (int i = 0; i < 20; i++)
        {
            var thread = new Thread(() => test.Has("key"));
            thread.Start();
            thread.Join();
        }

        Assert.Equal(20, test.Cache.GetCurrentStatistics()!.TotalHits);
    }
}
