using BoundedCache.Engine;
using BoundedCache.Entries;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>Building and storing entries.</summary>
public sealed partial class BoundedMemoryCache
{
    /// <summary>Begins an entry. Disposing the entry stores it if its value was set by then (null counts).</summary>
    /// <param name="key">The key.</param>
    /// <returns>The entry to fill and dispose. Not thread-safe.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public ICacheEntry CreateEntry(object key)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(key);
        return new CacheEntry(key, this);
    }

    /// <inheritdoc/>
    bool IEntryStore.TracksLinkedEntries => _trackLinkedEntries;

    /// <inheritdoc/>
    void IEntryStore.Store(CacheEntry entry)
    {
        // Disposing an entry does not throw where the cache is disposed.
        if (_disposed)
        {
            return;
        }

        if (_values.Watches(entry.Value))
        {
            _values.MarkHolder(entry);
        }

        long now = entry.Expires ? _time.GetUtcNow().UtcTicks : 0;
        EntryDetails? details = entry.MakeDetails(now);
        var written = new EntryDraft(
            entry.Value, details, entry.Priority, entry.Size, entry.AbsoluteExpirationTicks(now), now, entry.Pending);
        Store(entry.Key, in written);
    }

    private void Store(object key, in EntryDraft entry)
    {
        if (_sizing == EntrySizing.Declared && entry.Size is null)
        {
            throw new InvalidOperationException(
                $"The cache '{Name}' counts declared sizes (EntrySizing.Declared), "
                    + $"so every entry must set ICacheEntry.Size; the one for the key {key} does not.");
        }

        if (key is string text)
        {
            Store(key, in entry, new StringLookup(text));
        }
        else
        {
            Store(key, in entry, new ObjectLookup(key));
        }
    }

    private void Store<TLookup>(object key, in EntryDraft entry, scoped in TLookup lookup)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        EntryDetails? details = entry.Details;
        EvictionReason expiredBy = details?.ExpiredByTokensToo(entry.Now)
            ?? (entry.AbsoluteTicks != long.MaxValue && entry.Now >= entry.AbsoluteTicks
                ? EvictionReason.Expired
                : EvictionReason.None);
        if (expiredBy != EvictionReason.None)
        {
            // The new entry is not stored, but the old one is out of date. A pending store began without an old one.
            if (entry.Pending is null)
            {
                _engine.Remove(in lookup, EvictionReason.Replaced);
            }

            _counters.OnRefused(expiredBy);
            Discard(key, details, expiredBy);
            return;
        }

        long deadline = details?.Deadline ?? entry.AbsoluteTicks;
        long charge = Charge(key, entry.Value, entry.Size, details, deadline != long.MaxValue);
        details?.Subscribe(_onTokenChanged, _callbacks.OnTokenFailed);
        bool stored = false;
        bool isValueWatched = details is not null && _values.Enter(details);
        try
        {
            stored = _engine.Set(in lookup, new NewEntry
            {
                Key = key,
                Value = entry.Value,
                Details = details,
                Priority = EvictionPriority(entry.Priority),
                Charge = charge,
                Deadline = deadline,
                Pending = entry.Pending,
            });
        }
        finally
        {
            Pace();
            if (!stored && details is not null)
            {
                _callbacks.Unsubscribe(details);
                if (isValueWatched)
                {
                    _values.OnRefused(details);
                }
            }
        }

        if (!stored && entry.Pending is { IsOvertaken: true } pending)
        {
            // As if it had been stored before the write that overtook it.
            Discard(key, details, pending.OvertakenBy);
            return;
        }

        if (!stored)
        {
            _counters.OnRefused(EvictionReason.Capacity);
            Discard(key, details, EvictionReason.Capacity);
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
            // Stored while the cache was being disposed.
            _engine.Clear();
            _engine.Trim();
        }
    }

    /// <summary>The priority for eviction: a number that is no priority counts as normal.</summary>
    private static CacheItemPriority EvictionPriority(CacheItemPriority priority) =>
        (uint)priority <= (uint)CacheItemPriority.NeverRemove ? priority : CacheItemPriority.Normal;

    /// <summary>The bytes that an entry is charged until it is replaced or measured again.</summary>
    private long Charge(object key, object? value, long? declaredSize, EntryDetails? details, bool hasDeadline)
    {
        if (_sizing == EntrySizing.Declared)
        {
            return Math.Min(declaredSize.GetValueOrDefault(), OrderNode.MaxCharge);
        }

        long valueBytes = Math.Max(_measurer.Measure(value), declaredSize.GetValueOrDefault());
        long rest = Math.Min(_measurer.Measure(key), OrderNode.MaxCharge)
            + CacheEngine.TableBytesPerEntry
            + (hasDeadline ? CacheEngine.DeadlineBytesPerEntry : 0)
            + (details?.OwnBytes ?? 0);
        return valueBytes > OrderNode.MaxCharge - rest ? OrderNode.MaxCharge : valueBytes + rest;
    }

    private void Discard(object key, EntryDetails? details, EvictionReason reason)
    {
        if (details is not null)
        {
            _callbacks.OnRemoved([new RemovedEntry(key, details, reason) { WasStored = false }]);
        }
    }

    /// <summary>An entry that is to be stored.</summary>
    private readonly record struct EntryDraft(
        object? Value,
        EntryDetails? Details,
        CacheItemPriority Priority,
        long? Size,
        long AbsoluteTicks,
        long Now,
        PendingStore? Pending = null);
}
