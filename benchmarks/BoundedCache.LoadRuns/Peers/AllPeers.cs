namespace BoundedCache.LoadRuns.Peers;

/// <summary>Everybody who plays, in the order of the tables.</summary>
internal static class AllPeers
{
    /// <summary>The row of the byte cache.</summary>
    public const string Bytes = "bounded-bytes";

    public static IReadOnlyList<IPeer> List { get; } =
    [
        new BoundedPeer("bounded-full", "BoundedCache, full", "bounded", "full"),
        new BoundedPeer("bounded-gentle", "BoundedCache, gentle", "bounded", "gentle"),
        new BoundedPeer(Bytes, "BoundedByteCache", "bytes", "full"), new MemoryCachePeer(compacts: true),
        new MemoryCachePeer(compacts: false), new RedisPeer(), new MemcachedPeer(),
    ];
}
