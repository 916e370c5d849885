using BoundedCache.Harness.Traces;

namespace BoundedCache.Benchmarks.Tests.Traces;

public class SyntheticTraceTests
{
    private static readonly SyntheticTrace s_trace =
        new() { Keys = 500, Requests = 20_000, MinBytes = 10, MaxBytes = 1000, Seed = 3 };

    [Fact]
    public void The_same_seed_makes_the_same_trace_and_another_seed_another()
    {
        Assert.Equal(s_trace.Generate(), (s_trace with { }).Generate());
        Assert.NotEqual(s_trace.Generate(), (s_trace with { Seed = 4 }).Generate());
    }

    [Fact]
    public void A_key_has_one_size_within_the_bounds_and_small_ones_are_the_most()
    {
        Dictionary<string, long[]> sizes = s_trace.Generate().GroupBy(static request => request.Key)
            .ToDictionary(static key => key.Key, static key =>
                key.Select(static request => request.SizeBytes).Distinct().ToArray());

        Assert.All(sizes.Values, static of => Assert.InRange(Assert.Single(of), 10, 1000));
        Assert.InRange(sizes.Values.Count(static of => of[0] < 100), sizes.Count * 4 / 10, sizes.Count * 6 / 10);
    }

    [Fact]
    public void A_textbook_LRU_evicts_what_was_used_longest_ago_until_the_new_fits()
    {
        var lru = new TextbookLru(10);

        Assert.False(lru.Request(new("a", 4)));
        Assert.False(lru.Request(new("b", 4)));
        Assert.True(lru.Request(new("a", 4)));
        Assert.False(lru.Request(new("too large", 11)));
        Assert.False(lru.Request(new("c", 6)));
        Assert.True(lru.Request(new("a", 4)));
        Assert.False(lru.Request(new("b", 4)));
        Assert.False(lru.Request(new("c", 6)));
    }
}
