using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Harness.Peers;

/// <summary>BoundedCache that counts what is declared, as MemoryCache's SizeLimit does.</summary>
[Peer("bounded-declared", 2)]
internal sealed class BoundedDeclaredPeer(PeerSetup setup) : BoundedPeer(setup, EntrySizing.Declared)
{
    public override void Set(object key, object value, long size)
    {
        using ICacheEntry entry = Cache.CreateEntry(key);
        entry.Value = value;
        entry.Size = size;
    }
}
