namespace BoundedCache.LoadRuns.Peers;

/// <summary>Everybody who plays, in the order of the tables.</summary>
internal static class AllPeers
{
    public static IReadOnlyList<IPeer> List { get; } =
    [
        new BoundedPeer("full"), new BoundedPeer("gentle"), new MemoryCachePeer(compacts: true),
        new MemoryCachePeer(compacts: false), new RedisPeer(), new MemcachedPeer(),
    ];
}
