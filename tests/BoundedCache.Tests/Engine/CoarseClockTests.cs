using BoundedCache.Engine;
using BoundedCache.TestSupport;

namespace BoundedCache.Tests.Engine;

public sealed class CoarseClockTests
{
    [Fact]
    public void Only_the_systems_clock_has_one()
    {
        Assert.NotNull(CoarseClock.TryCreate(TimeProvider.System));
        Assert.Null(CoarseClock.TryCreate(new ManualTimeProvider()));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, false)]
    [InlineData(-1, false)]
    public void A_deadline_is_ahead_where_it_is_hours_away_and_never_where_it_has_passed(int hours, bool expected)
    {
        CoarseClock clock = CoarseClock.TryCreate(TimeProvider.System)!;
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(expected, clock.IsAhead((DateTimeOffset.UtcNow + TimeSpan.FromHours(hours)).UtcTicks));
        }
    }

    [Fact]
    public void Nothing_is_called_ahead_when_its_deadline_has_passed_however_often_it_was_asked_before()
    {
        CoarseClock clock = CoarseClock.TryCreate(TimeProvider.System)!;
        long deadline = (DateTimeOffset.UtcNow + TimeSpan.FromSeconds(0.5)).UtcTicks;
        bool wasAhead = false;
        while (DateTimeOffset.UtcNow.UtcTicks < deadline)
        {
            wasAhead |= clock.IsAhead(deadline);
        }

        Assert.True(wasAhead, "it was never ahead");
        Assert.False(clock.IsAhead(deadline), "it passed, and is called ahead");
    }

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void A_cache_serves_an_entry_until_its_deadline_and_not_after_it(EvictionPolicy policy)
    {
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { EvictionPolicy = policy, TrackStatistics = true });
        DateTimeOffset deadline = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(1);
        cache.Set("key", "value", deadline);
        long reads = 0;
        long misses = 0;
        for (; DateTimeOffset.UtcNow is var now && now < deadline; reads++)
        {
            // Where the deadline passes during the read, either is right.
            misses += cache.TryGetValue("key", out object? value) ? 0 : 1;
            Assert.True(value is "value" || DateTimeOffset.UtcNow >= deadline, "it was not served before its deadline");
        }

        Assert.True(reads > 1);
        Assert.False(cache.TryGetValue("key", out object? _), "it was served after its deadline");
        Assert.Equal(reads - misses, cache.GetSnapshot().Hits);
    }
}
