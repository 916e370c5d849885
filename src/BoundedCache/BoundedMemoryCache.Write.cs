using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>Building and storing entries.</summary>
public sealed partial class BoundedMemoryCache
{
    /// <summary>Begins an entry, which is stored when it is disposed, if its value was set by then (null counts).</summary>
    /// <param name="key">The key.</param>
    /// <returns>The entry to fill and dispose. Not thread-safe.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public ICacheEntry CreateEntry(object key)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(key);
        return new CacheEntry(key, this, _trackLinkedEntries);
    }

    /// <summary>
    /// Stores an entry. All user code (sizers, tokens, the key's own) has run when the first thing changes; if it throws, nothing is
    /// stored and the exception reaches the writer.
    /// </summary>
    internal void Store(CacheEntry entry)
    {
        // Storing is part of the entry's disposal, which does not throw for a cache that is gone.
        if (_disposed)
        {
            return;
        }

        if (_sizing == EntrySizing.Declared && entry.Size is null)
        {
            throw new InvalidOperationException(
                $"The cache '{Name}' counts declared sizes (EntrySizing.Declared), so every entry must set ICacheEntry.Size; the one for the key {entry.Key} does not.");
        }

        if (entry.Key is string text)
        {
            Store(entry, new StringLookup(text));
        }
        else
        {
            Store(entry, new ObjectLookup(entry.Key));
        }
    }

    private void Store<TLookup>(CacheEntry entry, scoped in TLookup lookup)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        long now = entry.Expires ? _time.GetUtcNow().UtcTicks : 0;
        EntryDetails? details = entry.MakeDetails(now);
        long absolute = entry.AbsoluteExpirationTicks(now);
        EvictionReason expiredBy = details?.ExpiredByTokensToo(now)
            ?? (absolute != long.MaxValue && now >= absolute ? EvictionReason.Expired : EvictionReason.None);
        if (expiredBy != EvictionReason.None)
        {
            // Never stored, but what it was to replace is out of date all the same.
            _engine.Remove(in lookup, EvictionReason.Replaced);
            _counters.OnRefused(expiredBy);
            Discard(entry.Key, details, expiredBy);
            return;
        }

        long deadline = details?.Deadline ?? absolute;
        long charge = Charge(entry.Key, entry.Value, entry.Size, details, deadline != long.MaxValue);
        details?.Subscribe(_onTokenChanged, _callbacks.OnTokenFailed);
        bool stored = false;
        try
        {
            stored = _engine.Set(in lookup, new NewEntry
            {
                Key = entry.Key,
                Value = entry.Value,
                Details = details,
                Priority = EvictionPriority(entry.Priority),
                Charge = charge,
                Deadline = deadline,
            });
        }
        finally
        {
            Pace();
            if (!stored && details is not null)
            {
                _callbacks.Unsubscribe(details);
            }
        }

        if (!stored)
        {
            _counters.OnRefused(EvictionReason.Capacity);
            Discard(entry.Key, details, EvictionReason.Capacity);
            return;
        }

        StopUnwantedCounting();
        if (deadline != long.MaxValue)
        {
            _scan.Start();
        }

        // A token that fired before the entry was in the table found nothing to remove.
        if (details is { TokenFired: true })
        {
            _engine.Remove(details, EvictionReason.TokenExpired);
        }

        if (_disposed)
        {
            // Stored while the cache was being emptied for the last time.
            _engine.Clear();
            _engine.Trim();
        }
    }

    /// <summary>The order of eviction that an entry belongs to: a number that is no priority counts as normal, for the engine has no list for it.</summary>
    private static CacheItemPriority EvictionPriority(CacheItemPriority priority) =>
        (uint)priority <= (uint)CacheItemPriority.NeverRemove ? priority : CacheItemPriority.Normal;

    /// <summary>Bytes an entry is charged, until it is replaced or measured again.</summary>
    private long Charge(object key, object? value, long? declaredSize, EntryDetails? details, bool hasDeadline)
    {
        if (_sizing == EntrySizing.Declared)
        {
            return Math.Min(declaredSize.GetValueOrDefault(), Link.MaxCharge);
        }

        long valueBytes = Math.Max(_measurer.Measure(value), declaredSize.GetValueOrDefault());
        long rest = Math.Min(_measurer.Measure(key), Link.MaxCharge)
            + CacheEngine.TableBytesPerEntry
            + (hasDeadline ? CacheEngine.DeadlineBytesPerEntry : 0)
            + (details?.OwnBytes ?? 0);
        return valueBytes > Link.MaxCharge - rest ? Link.MaxCharge : valueBytes + rest;
    }

    private void Discard(object key, EntryDetails? details, EvictionReason reason)
    {
        if (details is not null)
        {
            _callbacks.OnRemoved([new RemovedEntry(key, details, reason)]);
        }
    }
}
