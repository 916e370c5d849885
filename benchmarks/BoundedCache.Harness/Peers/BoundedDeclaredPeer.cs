using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Harness.Peers;

/// <summary>BoundedCache that counts what is declared, as MemoryCache's SizeLimit does.</summary>
[Peer("bounded-declared", 2)]
internal sealed class BoundedDeclaredPeer(PeerSetup setup)
    : DeclaredPeer(setup, EvictionPolicy.LeastRecentlyUsed);

/// <summary>The same under the scan-resistant policy.</summary>
[Peer("scan-resistant-declared", 9)]
internal sealed class ScanResistantDeclaredPeer(PeerSetup setup) : DeclaredPeer(setup, EvictionPolicy.ScanResistant);

/// <summary>What the two share.</summary>
internal abstract class DeclaredPeer(PeerSetup setup, EvictionPolicy policy)
    : BoundedPeer(setup, EntrySizing.Declared, policy)
{
    public override void Set(object key, object value, long size)
    {
        using ICacheEntry entry = Cache.CreateEntry(key);
        entry.Value = value;
        entry.Size = size;
    }
}
