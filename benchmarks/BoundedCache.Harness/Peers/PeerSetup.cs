namespace BoundedCache.Harness.Peers;

/// <summary>What a peer is made with.</summary>
/// <param name="Limit">
/// The limit in bytes, as declared or as measured; null for none. Peers without a limit do not look at it.
/// </param>
public sealed record PeerSetup(long? Limit = null)
{
    /// <summary>
    /// How many entries the limit stands for: the limit of peers that are limited by count. Null for no limit.
    /// </summary>
    public long? Entries { get; init; }

    /// <summary>How often peers that can expire entries look for expired ones; null for each one's default.</summary>
    public TimeSpan? ScanEvery { get; init; }
}
