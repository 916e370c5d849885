using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.TestSupport;

/// <summary>
/// The model: an LRU cache that is slow and obviously correct. One list from most to least recently used, which every
/// operation searches from end to end; each request for the sum of sizes adds it up again.
/// </summary>
public sealed class NaiveLru(long maxBytes)
{
    private readonly List<Entry> _entries = [];

    /// <summary>
    /// Entries that were removed since the last <see cref="TakeDepartures"/>, in no particular order.
    /// </summary>
    private readonly List<(object Key, object? Value, EvictionReason Reason)> _departures = [];

    public long MaxBytes { get; private set; } = maxBytes;

    public long UsedBytes => _entries.Sum(static entry => entry.Size);

    public int Count => _entries.Count;

    public IEnumerable<object> KeysInOrder(CacheItemPriority priority) =>
        _entries.Where(entry => entry.Priority == priority).Select(static entry => entry.Key);

    public bool TryGet(object key, long now, out object? value)
    {
        Entry? entry = Find(key);
        if (entry is not null && entry.IsExpired(now))
        {
            Depart(entry, EvictionReason.Expired);
            entry = null;
        }

        value = entry?.Value;
        if (entry is null)
        {
            return false;
        }

        entry.LastAccess = now;
        _entries.Remove(entry);
        _entries.Insert(0, entry);
        return true;
    }

    public void Set(
        object key,
        object? value,
        long size,
        CacheItemPriority priority,
        long now,
        long absolute = long.MaxValue,
        long sliding = 0)
    {
        var entry = new Entry(key, value, size, priority, absolute, sliding) { LastAccess = now };
        if (Find(key) is { } replaced)
        {
            Depart(replaced, EvictionReason.Replaced);
        }

        if (entry.IsExpired(now))
        {
            _departures.Add((key, value, EvictionReason.Expired));
        }
        else if (size > MaxBytes)
        {
            _departures.Add((key, value, EvictionReason.Capacity));
        }
        else
        {
            EvictDownTo(MaxBytes - size);
            _entries.Insert(0, entry);
        }
    }

    /// <summary>
    /// Gives an entry a new size in place. Others are evicted for it, but never the entry itself if it fits at all.
    /// </summary>
    public bool Resize(object key, long size, long now)
    {
        if (Find(key) is not { } entry)
        {
            return false;
        }

        if (entry.IsExpired(now) || size > MaxBytes)
        {
            Depart(entry, entry.IsExpired(now) ? EvictionReason.Expired : EvictionReason.Capacity);
            return false;
        }

        while (UsedBytes - entry.Size + size > MaxBytes)
        {
            Depart(NextVictim(CacheItemPriority.NeverRemove, entry)!, EvictionReason.Capacity);
        }

        entry.Size = size;
        return true;
    }

    public void Remove(object key)
    {
        if (Find(key) is { } entry)
        {
            Depart(entry, EvictionReason.Removed);
        }
    }

    public void SetMaxBytes(long maxBytes)
    {
        MaxBytes = maxBytes;
        EvictDownTo(maxBytes);
    }

    public void RemoveExpired(long now) =>
        _entries.FindAll(entry => entry.IsExpired(now)).ForEach(entry => Depart(entry, EvictionReason.Expired));

    public void Compact(double share, long now)
    {
        int target = (int)(_entries.Count * share);
        int before = _entries.Count;
        RemoveExpired(now);
        while (before - _entries.Count < target && NextVictim(CacheItemPriority.High) is { } victim)
        {
            Depart(victim, EvictionReason.Capacity);
        }
    }

    public void Clear() => _entries.ToList().ForEach(entry => Depart(entry, EvictionReason.Removed));

    public List<(object Key, object? Value, EvictionReason Reason)> TakeDepartures()
    {
        List<(object, object?, EvictionReason)> taken = [.. _departures];
        _departures.Clear();
        return taken;
    }

    private Entry? Find(object key) => _entries.Find(entry => entry.Key.Equals(key));

    private void EvictDownTo(long bytes)
    {
        while (UsedBytes > bytes)
        {
            Depart(NextVictim(CacheItemPriority.NeverRemove)!, EvictionReason.Capacity);
        }
    }

    private Entry? NextVictim(CacheItemPriority highest, Entry? spared = null) =>
        _entries.Where(entry => entry.Priority <= highest && entry != spared).Reverse()
            .OrderBy(static entry => entry.Priority).FirstOrDefault();

    private void Depart(Entry entry, EvictionReason reason)
    {
        _entries.Remove(entry);
        _departures.Add((entry.Key, entry.Value, reason));
    }

    private sealed record Entry(
        object Key, object? Value, long Size, CacheItemPriority Priority, long Absolute, long Sliding)
    {
        public long Size { get; set; } = Size;

        public long LastAccess { get; set; }

        public bool IsExpired(long now) => now >= Absolute || (Sliding > 0 && now - LastAccess >= Sliding);
    }
}
