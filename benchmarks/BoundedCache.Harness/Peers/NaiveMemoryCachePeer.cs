using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Harness.Peers;

/// <summary>
/// The IMemoryCache that people write around <see cref="LockedLru"/>: an entry object with the interface's properties,
/// stored when it is disposed.
/// </summary>
[Peer("naive-imemorycache", 7)]
internal sealed class NaiveMemoryCachePeer(PeerSetup setup) : IShrinkablePeer
{
    private readonly Cache _cache = new(new LockedLru(setup.Limit ?? long.MaxValue));

    public long Count => _cache.Lru.Count;

    public bool TryGet(object key, out object? value) => ((IMemoryCache)_cache).TryGetValue(key, out value);

    public void Set(object key, object value, long size)
    {
        using ICacheEntry entry = ((IMemoryCache)_cache).CreateEntry(key);
        entry.Value = value;
        entry.Size = size;
    }

    public void Remove(object key) => ((IMemoryCache)_cache).Remove(key);

    public void ShrinkTo(double share) => _cache.Lru.ShrinkTo(share);

    public void Dispose() => _cache.Dispose();

    private sealed class Cache(LockedLru lru) : IMemoryCache
    {
        public LockedLru Lru { get; } = lru;

        public ICacheEntry CreateEntry(object key) => new Entry(Lru, key);

        public void Remove(object key) => Lru.Remove(key);

        public bool TryGetValue(object key, out object? value)
        {
            if (Lru.TryGet(key, out object? found))
            {
                var entry = (Entry)found!;
                if (entry.AbsoluteExpiration is not { } end || end > DateTimeOffset.UtcNow)
                {
                    value = entry.Value;
                    return true;
                }

                Lru.Remove(key);
            }

            value = null;
            return false;
        }

        public void Dispose()
        {
        }
    }

    private sealed class Entry(LockedLru lru, object key) : ICacheEntry
    {
        public object Key { get; } = key;

        public object? Value { get; set; }

        public DateTimeOffset? AbsoluteExpiration { get; set; }

        public TimeSpan? AbsoluteExpirationRelativeToNow { get; set; }

        public TimeSpan? SlidingExpiration { get; set; }

        public IList<IChangeToken> ExpirationTokens { get; } = [];

        public IList<PostEvictionCallbackRegistration> PostEvictionCallbacks { get; } = [];

        public CacheItemPriority Priority { get; set; }

        public long? Size { get; set; }

        public void Dispose()
        {
            AbsoluteExpiration ??= AbsoluteExpirationRelativeToNow is { } lifetime
                ? DateTimeOffset.UtcNow + lifetime
                : null;
            lru.Set(Key, this, Size ?? 1);
        }
    }
}
