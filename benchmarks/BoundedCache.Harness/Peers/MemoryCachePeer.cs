using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Harness.Peers;

/// <summary>MemoryCache as it comes, with a size limit where there is one to keep.</summary>
[Peer("memory-cache", 3)]
internal class MemoryCachePeer : IShrinkablePeer, IExpiringPeer
{
    private readonly MemoryCache _cache;

    public MemoryCachePeer(PeerSetup setup)
        : this(setup, static _ => { })
    {
    }

    protected MemoryCachePeer(PeerSetup setup, Action<MemoryCacheOptions> configure)
    {
        var options = new MemoryCacheOptions { SizeLimit = setup.Limit };
        options.ExpirationScanFrequency = setup.ScanEvery ?? options.ExpirationScanFrequency;
        configure(options);
        _cache = new MemoryCache(options);
    }

    public long Count => _cache.Count;

    public bool TryGet(object key, out object? value) => _cache.TryGetValue(key, out value);

    public void Set(object key, object value, long size)
    {
        using ICacheEntry entry = _cache.CreateEntry(key);
        entry.Value = value;
        entry.Size = size;
    }

    public void Set(object key, object value, long size, TimeSpan lifetime)
    {
        using ICacheEntry entry = _cache.CreateEntry(key);
        entry.Value = value;
        entry.Size = size;
        entry.AbsoluteExpirationRelativeToNow = lifetime;
    }

    public void Remove(object key) => _cache.Remove(key);

    public void ShrinkTo(double share) => _cache.Compact(1 - share);

    public void Dispose() => _cache.Dispose();
}
