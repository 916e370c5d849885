using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.TestSupport;

/// <summary>
/// The model: an LRU cache that is slow and obviously correct. One list from most to least recently used, which every
/// operation searches from end to end; each request for the sum of sizes adds it up again.
/// </summary>
public class NaiveLru(long maxBytes)
{
    /// <summary>The entries; a policy may have another order than of use.</summary>
    protected List<Entry> Entries { get; } = [];

    /// <summary>
    /// Entries that were removed since the last <see cref="TakeDepartures"/>, in no particular order.
    /// </summary>
    private readonly List<(object Key, object? Value, EvictionReason Reason)> _departures = [];

    public long MaxBytes { get; private set; } = maxBytes;

    public long UsedBytes => Entries.Sum(static entry => entry.Size);

    public int Count => Entries.Count;

    public virtual IEnumerable<object> KeysInOrder(CacheItemPriority priority) =>
        Entries.Where(entry => entry.Priority == priority).Select(static entry => entry.Key);

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
        Use(entry);
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
        Entry? replaced = Find(key);
        if (entry.IsExpired(now) || size > MaxBytes)
        {
            if (replaced is not null)
            {
                Depart(replaced, EvictionReason.Replaced);
            }

            _departures.Add((key, value, entry.IsExpired(now) ? EvictionReason.Expired : EvictionReason.Capacity));
        }
        else if (replaced is null)
        {
            EvictDownTo(MaxBytes - size);
            Add(entry);
        }
        else
        {
            EvictDownTo(MaxBytes - size + replaced.Size, replaced);
            int place = Entries.IndexOf(replaced);
            Depart(replaced, EvictionReason.Replaced);
            Entries.Insert(place, entry);
            Replace(replaced, entry);
            Use(entry);
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

        EvictDownTo(MaxBytes - size + entry.Size, entry);
        long before = entry.Size;
        entry.Size = size;
        OnResized(entry, before);
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
        Entries.FindAll(entry => entry.IsExpired(now)).ForEach(entry => Depart(entry, EvictionReason.Expired));

    public void Compact(double share, long now)
    {
        int target = (int)(Entries.Count * share);
        int before = Entries.Count;
        RemoveExpired(now);
        while (before - Entries.Count < target && NextVictim(CacheItemPriority.High) is { } victim)
        {
            Depart(victim, EvictionReason.Capacity);
        }
    }

    public void Clear() => Entries.ToList().ForEach(entry => Depart(entry, EvictionReason.Removed));

    public List<(object Key, object? Value, EvictionReason Reason)> TakeDepartures()
    {
        List<(object, object?, EvictionReason)> taken = [.. _departures];
        _departures.Clear();
        return taken;
    }

    private Entry? Find(object key) => Entries.Find(entry => entry.Key.Equals(key));

    /// <summary>Notes a use of an entry.</summary>
    protected virtual void Use(Entry entry)
    {
        Entries.Remove(entry);
        Entries.Insert(0, entry);
    }

    /// <summary>Adds a new entry.</summary>
    protected virtual void Add(Entry entry) => Entries.Insert(0, entry);

    /// <summary>Gives an entry that stands where another stood what it inherits from that one.</summary>
    protected virtual void Replace(Entry old, Entry entry)
    {
    }

    /// <summary>Follows a change of an entry's size.</summary>
    protected virtual void OnResized(Entry entry, long before)
    {
    }

    private void EvictDownTo(long bytes, Entry? spared = null)
    {
        while (UsedBytes > bytes)
        {
            Depart(NextVictim(CacheItemPriority.NeverRemove, spared)!, EvictionReason.Capacity);
        }
    }

    /// <summary>The entry to evict next; null where there is none.</summary>
    protected virtual Entry? NextVictim(CacheItemPriority highest, Entry? spared = null) =>
        Entries.Where(entry => entry.Priority <= highest && entry != spared).Reverse()
            .OrderBy(static entry => entry.Priority).FirstOrDefault();

    private void Depart(Entry entry, EvictionReason reason)
    {
        Entries.Remove(entry);
        _departures.Add((entry.Key, entry.Value, reason));
    }

    /// <summary>An entry.</summary>
    protected sealed record Entry(
        object Key, object? Value, long Size, CacheItemPriority Priority, long Absolute, long Sliding)
    {
        public long Size { get; set; } = Size;

        public long LastAccess { get; set; }

        public bool IsMain { get; set; }

        public int Mark { get; set; }

        public long QueuedAt { get; set; }

        public bool IsExpired(long now) => now >= Absolute || (Sliding > 0 && now - LastAccess >= Sliding);
    }
}
