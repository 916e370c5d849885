using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Harness.Peers;

/// <summary>What the BoundedCache peers share.</summary>
internal abstract class BoundedPeer : IShrinkablePeer, IExpiringPeer
{
    protected BoundedPeer(
        PeerSetup setup, EntrySizing sizing, EvictionPolicy policy = EvictionPolicy.LeastRecentlyUsed)
    {
        var options = new BoundedMemoryCacheOptions
        {
            MaxMemory = setup.Limit ?? long.MaxValue,
            Sizing = sizing,
            EvictionPolicy = policy,
            ReleaseMode = ReleaseMode.None,
        };
        options.ExpirationScanFrequency = setup.ScanEvery ?? options.ExpirationScanFrequency;
        options.AddSizer<SizedValue>(static value => value.Bytes);
        Cache = new BoundedMemoryCache(options);
    }

    public long Count => Cache.Count;

    protected BoundedMemoryCache Cache { get; }

    public bool TryGet(object key, out object? value) => Cache.TryGetValue(key, out value);

    public abstract void Set(object key, object value, long size);

    public void Set(object key, object value, long size, TimeSpan lifetime)
    {
        using ICacheEntry entry = Cache.CreateEntry(key);
        entry.Value = value;
        entry.Size = size;
        entry.AbsoluteExpirationRelativeToNow = lifetime;
    }

    public void Remove(object key) => Cache.Remove(key);

    public void ShrinkTo(double share) => Cache.MaxMemory = Math.Max(1, (long)(Cache.UsedMemory * share));

    public void Dispose() => Cache.Dispose();
}
