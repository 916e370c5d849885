using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>What goes first when a share of the entries has to go.</summary>
public abstract class CompactContract(CacheKind kind) : CacheContract(kind)
{
    [Theory]
    [InlineData(0, 10)]
    [InlineData(0.05, 10)]
    [InlineData(0.1, 9)]
    [InlineData(0.3, 7)]
    [InlineData(0.35, 7)]
    [InlineData(0.99, 1)]
    [InlineData(1, 0)]
    public void A_share_of_the_entries_goes_the_least_recently_used_first(double share, int left)
    {
        for (int i = 0; i < 10; i++)
        {
            Set(i, i);
            Time.Advance(Minute);
        }

        Tested.Compact(share);

        Assert.Equal(Enumerable.Range(10 - left, left), Tested.Keys.Cast<int>().Order());
        Assert.All(
            Departures.Take(10 - left), static departure => Assert.Equal(EvictionReason.Capacity, departure.Reason));
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_read_is_a_use()
    {
        foreach (string key in new[] { "a", "b", "c" })
        {
            Set(key, 1);
            Time.Advance(Minute);
        }

        Has("a");
        Time.Advance(Minute);
        Tested.TryGetValue("b".AsSpan(), out _);
        Tested.Compact(0.4);

        Assert.Equal(new HashSet<object> { "a", "b" }, Tested.Keys.ToHashSet());
    }

    [Fact]
    public void Looking_at_keys_is_no_use()
    {
        Set("a", 1);
        Time.Advance(Minute);
        Set("b", 1);
        Time.Advance(Minute);
        _ = Tested.Keys.First();
        Tested.Compact(0.5);

        Assert.Equal(["b"], Tested.Keys);
    }

    [Fact]
    public void Priorities_go_from_low_to_high_whatever_was_used_last()
    {
        CacheItemPriority[] priorities =
            [CacheItemPriority.NeverRemove, CacheItemPriority.High, CacheItemPriority.Normal, CacheItemPriority.Low];
        foreach (CacheItemPriority priority in priorities)
        {
            Set($"old {priority}", 1, entry => entry.Priority = priority);
            Time.Advance(Minute);
            Set($"new {priority}", 1, entry => entry.Priority = priority);
            Time.Advance(Minute);
        }

        string[] order = ["old Low", "new Low", "old Normal", "new Normal", "old High", "new High"];
        for (int i = 0; i < order.Length; i++)
        {
            Tested.Compact(1.0 / Tested.Count);
            Assert.Equal(new Departure(order[i], 1, EvictionReason.Capacity), Departures.TakeOne());
        }

        Tested.Compact(1);
        Assert.Equal(new HashSet<object> { "old NeverRemove", "new NeverRemove" }, Tested.Keys.ToHashSet());
        Departures.AssertNoMore();
    }

    [Fact]
    public void Expired_entries_go_first_of_whatever_priority_and_count_towards_the_share()
    {
        var token = new FakeToken { ActiveChangeCallbacks = false };
        for (int i = 0; i < 6; i++)
        {
            Set($"live {i}", 1, static entry => entry.Priority = CacheItemPriority.Low);
            Time.Advance(Minute);
        }

        Set("absolute", 1, static entry =>
            entry.SetAbsoluteExpiration(Minute).SetPriority(CacheItemPriority.NeverRemove));
        Set("sliding", 1, static entry => entry.SetSlidingExpiration(Minute).SetPriority(CacheItemPriority.High));
        Set("token", 1, entry => entry.AddExpirationToken(token));
        Set("never", 1, static entry => entry.SetPriority(CacheItemPriority.NeverRemove));
        Time.Advance(Minute);
        token.HasChanged = true;

        Tested.Compact(0.4);

        Departure[] expected =
        [
            new("absolute", 1, EvictionReason.Expired),
            new("live 0", 1, EvictionReason.Capacity),
            new("sliding", 1, EvictionReason.Expired),
            new("token", 1, EvictionReason.TokenExpired),
        ];
        Assert.Equal(expected, Departures.Take(4));
        Assert.Equal(6, Tested.Count);
        Departures.AssertNoMore();
    }

    [Fact]
    public void All_that_is_expired_goes_even_if_it_is_more_than_the_share()
    {
        for (int i = 0; i < 10; i++)
        {
            Set(i, i, entry => entry.AbsoluteExpiration = i < 5 ? Now + Minute : null);
        }

        Time.Advance(Minute);
        Tested.Compact(0);

        Assert.Equal(5, Tested.Count);
        Assert.All(Departures.Take(5), static departure => Assert.Equal(EvictionReason.Expired, departure.Reason));
        Departures.AssertNoMore();
    }

    [Fact]
    public void Compacting_does_not_prolong_sliding_expirations()
    {
        Set("key", 1, static entry => entry.SetSlidingExpiration(Minute));
        Time.Advance(Minute / 2);
        Tested.Compact(0);
        Time.Advance(Minute / 2);

        Assert.False(Has("key"));
    }

    [Fact]
    public void An_empty_cache_can_be_compacted()
    {
        Tested.Compact(1);

        Assert.Equal(0, Tested.Count);
    }

    [Fact]
    public void The_size_of_what_went_is_no_longer_counted()
    {
        Setup = new() { SizeLimit = 100 };
        SetSized("big", 60);
        Time.Advance(Minute);
        SetSized("small", 5);
        Tested.Compact(0.5);

        Assert.Equal(5, Tested.Size);
    }

    public sealed class OnMemoryCache() : CompactContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : CompactContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : CompactContract(CacheKind.ScanResistant);
}
