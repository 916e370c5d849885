using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>What <c>GetCurrentStatistics</c> counts.</summary>
public abstract class StatisticsContract : CacheContract
{
    protected StatisticsContract(CacheKind kind)
        : base(kind) => Setup = new() { TrackStatistics = true };

    [Fact]
    public void They_are_null_unless_they_were_asked_for()
    {
        Setup = new();
        Has("key");

        Assert.Null(Cache.GetCurrentStatistics());
    }

    [Fact]
    public void They_begin_with_nothing() => AssertStatistics(entries: 0, hits: 0, misses: 0);

    [Fact]
    public void Lookups_are_hits_or_misses()
    {
        Set("key", null);
        Has("key");
        Has("key");
        Has("none");
        Has(7);
        Tested.TryGetValue("key".AsSpan(), out _);
        Tested.TryGetValue("none".AsSpan(), out _);

        AssertStatistics(entries: 1, hits: 3, misses: 3);
    }

    [Fact]
    public void A_lookup_of_another_type_is_a_hit_all_the_same()
    {
        Set("key", 1);
        Assert.False(Tested.TryGetValue("key".AsSpan(), out string? _));

        AssertStatistics(entries: 1, hits: 1, misses: 0);
    }

    [Fact]
    public void GetOrCreate_is_one_lookup()
    {
        Cache.GetOrCreate("key", static _ => 1);
        AssertStatistics(entries: 1, hits: 0, misses: 1);
        Cache.GetOrCreate("key", static _ => 1);
        AssertStatistics(entries: 1, hits: 1, misses: 1);
    }

    [Fact]
    public void Writes_and_removals_are_neither()
    {
        Set("key", 1);
        Set("key", 2);
        Cache.Remove("key");
        Cache.Remove("key");
        Tested.Compact(1);
        Tested.Clear();

        AssertStatistics(entries: 0, hits: 0, misses: 0);
    }

    [Fact]
    public void An_expired_entry_is_a_miss_and_then_no_longer_an_entry()
    {
        Set("key", 1, static entry => entry.SetAbsoluteExpiration(Minute));
        Time.Advance(Minute);
        AssertStatistics(entries: 1, hits: 0, misses: 0);
        Has("key");

        AssertStatistics(entries: 0, hits: 0, misses: 1);
    }

    [Fact]
    public void A_replaced_entry_is_a_hit_and_one_that_left_a_miss_whatever_it_left_for()
    {
        Setup = Setup with { SizeLimit = 100 };
        var token = new FakeToken();
        SetSized("replaced", 1);
        SetSized("replaced", 2);
        SetSized("token", 1, entry => entry.AddExpirationToken(token));
        SetSized("sliding", 1, static entry => entry.SetSlidingExpiration(Minute));
        SetSized("removed", 1);
        SetSized("too large", 101);
        SetSized("over", 1, entry => entry.AbsoluteExpiration = Now);
        Assert.True(Has("replaced"));
        token.HasChanged = true;
        Time.Advance(Minute);
        Cache.Remove("removed");

        Assert.All(["token", "sliding", "removed", "too large", "over"], key => Assert.False(Has(key)));
        AssertStatistics(entries: 1, hits: 1, misses: 5);
    }

    [Fact]
    public void A_lookup_that_throws_is_neither()
    {
        var token = new FakeToken();
        Set("key", 1, entry => entry.AddExpirationToken(token));
        token.OnAsk = static () => throw new InvalidTimeZoneException();
        Assert.Throws<InvalidTimeZoneException>(() => Has("key"));
        Assert.Throws<ArgumentNullException>(() => Has(null!));

        AssertStatistics(entries: 1, hits: 0, misses: 0);
    }

    [Fact]
    public async Task GetOrCreateAsync_is_one_lookup_though_its_factory_fails()
    {
        await Assert.ThrowsAsync<InvalidTimeZoneException>(
            () => Cache.GetOrCreateAsync<int>("key", static _ => throw new InvalidTimeZoneException()));
        AssertStatistics(entries: 0, hits: 0, misses: 1);
        await Cache.GetOrCreateAsync("key", static _ => Task.FromResult(1));
        await Cache.GetOrCreateAsync("key", static _ => Task.FromResult(1));
        AssertStatistics(entries: 1, hits: 1, misses: 2);
    }

    [Fact]
    public void Clearing_keeps_the_count_of_lookups()
    {
        Set("key", 1);
        Has("key");
        Tested.Clear();

        AssertStatistics(entries: 0, hits: 1, misses: 0);
    }

    [Fact]
    public void Lookups_of_all_threads_are_counted_those_that_ended_too()
    {
        Set("key", 1);
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                Has(i % 4 == 0 ? "none" : "key");
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());

        AssertStatistics(entries: 1, hits: 3000, misses: 1000);
    }

    [Fact]
    public void A_snapshot_stays_as_it_was()
    {
        MemoryCacheStatistics before = Cache.GetCurrentStatistics()!;
        Has("none");

        Assert.Equal(0, before.TotalMisses);
    }

    [Fact]
    public void The_size_is_the_sum_of_the_declared_ones()
    {
        Setup = Setup with { SizeLimit = 100 };
        SetSized("a", 10);
        SetSized("b", 0);
        SetSized("c", 25);
        Cache.Remove("a");

        Assert.Equal(25, Cache.GetCurrentStatistics()!.CurrentEstimatedSize);
    }

    [Fact]
    public void The_size_of_a_cache_for_which_no_limit_was_set()
    {
        Assert.Equal(
            Differs<long?>(Deviations.AlwaysLimited, memoryCache: null, bounded: 0),
            Cache.GetCurrentStatistics()!.CurrentEstimatedSize);
    }

    private void AssertStatistics(long entries, long hits, long misses)
    {
        MemoryCacheStatistics statistics = Cache.GetCurrentStatistics()!;
        Assert.Equal(
            (entries, hits, misses), (statistics.CurrentEntryCount, statistics.TotalHits, statistics.TotalMisses));
    }

    public sealed class OnMemoryCache() : StatisticsContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : StatisticsContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : StatisticsContract(CacheKind.ScanResistant);
}
