using BoundedCache.Harness.Peers;

namespace BoundedCache.Benchmarks.Tests.Peers;

/// <summary>Every peer is what it says it is; otherwise a comparison with it says nothing.</summary>
public class PeerTests
{
    public static TheoryData<string> Names => [.. PeerCatalog.All.Select(static peer => peer.Name)];

    [Fact]
    public void Peers_are_found_by_themselves_and_have_names_of_their_own()
    {
        Assert.Equal(12, PeerCatalog.All.Count);
        Assert.Equal(PeerCatalog.All.Count, PeerCatalog.All.Select(static peer => peer.Name).Distinct().Count());
        Assert.Equal("bounded", PeerCatalog.All[0].Name);
    }

    [Fact]
    public void An_unknown_peer_is_an_error_that_lists_those_there_are() =>
        Assert.StartsWith(
            "there is no peer 'redis'; there are bounded, bounded-declared, memory-cache",
            Assert.Throws<ArgumentException>(() => PeerCatalog.Find("redis")).Message,
            StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_set_is_found_until_it_is_removed(string name)
    {
        using ICachePeer cache = PeerCatalog.Find(name).Create(new PeerSetup());
        object value = new();
        cache.Set("key 1", value, 10);

        Assert.True(cache.TryGet($"key {1}", out object? found));
        Assert.Same(value, found);
        Assert.False(cache.TryGet("key 2", out _));
        Assert.Equal(1, cache.Count);
        cache.Remove("key 1");
        Assert.False(cache.TryGet("key 1", out _));
        Assert.Equal(0, cache.Count);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_bounded_peer_keeps_to_its_limit_and_the_others_do_not(string name)
    {
        Peer peer = PeerCatalog.Find(name);
        using ICachePeer cache = peer.Create(new PeerSetup(100_000) { Entries = 100 });
        for (int i = 0; i < 1000; i++)
        {
            cache.Set($"key {i}", new SizedValue(1000), 1000);
        }

        Assert.Equal(peer.IsBounded, cache.Count <= 100);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_peer_that_can_shrink_keeps_about_the_share_it_is_told(string name)
    {
        using ICachePeer cache = PeerCatalog.Find(name).Create(new PeerSetup(long.MaxValue));
        if (cache is not IShrinkablePeer shrinkable)
        {
            Assert.False(PeerCatalog.Find(name).CanShrink);
            return;
        }

        for (int i = 0; i < 1000; i++)
        {
            cache.Set($"key {i}", i, 100);
        }

        shrinkable.ShrinkTo(0.1);

        Assert.InRange(cache.Count, 90, 110);
    }
}
