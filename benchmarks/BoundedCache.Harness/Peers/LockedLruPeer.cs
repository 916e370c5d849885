namespace BoundedCache.Harness.Peers;

/// <summary><see cref="LockedLru"/> as it is.</summary>
[Peer("locked-lru", 6)]
internal sealed class LockedLruPeer(PeerSetup setup) : IShrinkablePeer
{
    private readonly LockedLru _lru = new(setup.Limit ?? long.MaxValue);

    public long Count => _lru.Count;

    public bool TryGet(object key, out object? value) => _lru.TryGet(key, out value);

    public void Set(object key, object value, long size) => _lru.Set(key, value, size);

    public void Remove(object key) => _lru.Remove(key);

    public void ShrinkTo(double share) => _lru.ShrinkTo(share);

    public void Dispose()
    {
    }
}
