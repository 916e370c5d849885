using System.Collections.Concurrent;

namespace BoundedCache.Harness.Peers;

/// <summary>A bare ConcurrentDictionary: no limit, no order, no expiration. The floor, and no cache.</summary>
[Peer("concurrent-dictionary", 5, IsBounded = false)]
internal sealed class ConcurrentDictionaryPeer : ICachePeer
{
    private readonly ConcurrentDictionary<object, object> _entries = new();

    public ConcurrentDictionaryPeer(PeerSetup setup) => _ = setup;

    public long Count => _entries.Count;

    public bool TryGet(object key, out object? value) => _entries.TryGetValue(key, out value);

    public void Set(object key, object value, long size) => _entries[key] = value;

    public void Remove(object key) => _entries.TryRemove(key, out _);

    public void Dispose()
    {
    }
}
