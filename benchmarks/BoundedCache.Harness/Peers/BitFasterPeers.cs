using BitFaster.Caching;
using BitFaster.Caching.Lfu;
using BitFaster.Caching.Lru;
using BitFaster.Caching.Scheduler;

namespace BoundedCache.Harness.Peers;

/// <summary>What the peers of BitFaster.Caching share. They are limited by a number of entries, not by bytes.</summary>
internal abstract class BitFasterPeer(ICache<object, object> cache) : IShrinkablePeer
{
    public long Count => cache.Count;

    /// <summary>The most entries: room for all where there is no limit.</summary>
    protected static int Capacity(PeerSetup setup) => (int)Math.Clamp(setup.Entries ?? 2_000_000, 3, int.MaxValue / 2);

    public bool TryGet(object key, out object? value) => cache.TryGet(key, out value);

    public void Set(object key, object value, long size) => cache.AddOrUpdate(key, value);

    public void Remove(object key) => cache.TryRemove(key);

    public void ShrinkTo(double share) =>
        cache.Policy.Eviction.Value!.Trim(Math.Clamp((int)(cache.Count * (1 - share)), 1, cache.Count));

    public void Dispose() => (cache as IDisposable)?.Dispose();
}

/// <summary>BitFaster's pseudo-LRU of three queues, without its statistics.</summary>
[Peer("bitfaster-lru", 10, IsLimitedByCount = true)]
internal sealed class BitFasterLruPeer(PeerSetup setup) : BitFasterPeer(
    new FastConcurrentLru<object, object>(
        Environment.ProcessorCount, Capacity(setup), EqualityComparer<object>.Default));

/// <summary>The same with its statistics and events.</summary>
[Peer("bitfaster-concurrent-lru", 11, IsLimitedByCount = true)]
internal sealed class BitFasterConcurrentLruPeer(PeerSetup setup) : BitFasterPeer(
    new ConcurrentLru<object, object>(
        Environment.ProcessorCount, Capacity(setup), EqualityComparer<object>.Default));

/// <summary>
/// BitFaster's W-TinyLFU. Its maintenance runs on the caller's thread: in the background its misses would depend on
/// chance.
/// </summary>
[Peer("bitfaster-lfu", 12, IsLimitedByCount = true)]
internal sealed class BitFasterLfuPeer(PeerSetup setup) : BitFasterPeer(
    new ConcurrentLfu<object, object>(
        Environment.ProcessorCount, Capacity(setup), new ForegroundScheduler(), EqualityComparer<object>.Default));
