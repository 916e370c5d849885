namespace BoundedCache.LoadRuns.Peers;

/// <summary>What the service of each peer is given alike.</summary>
/// <param name="MaxBytes">The limit that it starts with.</param>
/// <param name="Items">How many items there are to ask for.</param>
/// <param name="ServerGC">Whether it runs under Server GC.</param>
internal sealed record PeerSetup(long MaxBytes, long Items, bool ServerGC);
