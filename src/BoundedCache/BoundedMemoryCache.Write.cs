using BoundedCache.Engine;
using BoundedCache.Entries;
using BoundedCache.Sizing;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>Building and storing entries.</summary>
public sealed partial class BoundedMemoryCache
{
    /// <summary>Begins an entry. Disposing the entry stores it if its value was set by then (null counts).</summary>
    /// <param name="key">The key.</param>
    /// <returns>
    /// The entry to fill and dispose. Not thread-safe until then. Afterwards it is: its expiration, priority, tokens
    /// and callbacks can still be changed, and that applies while it is the stored entry. Its
    /// value and size are frozen.
    /// </returns>
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
    bool IEntryStore.Store(CacheEntry entry)
    {
        // Disposing an entry does not throw where the cache is disposed.
        if (_disposed)
        {
            return false;
        }

        if (_values.Watches(entry.Value))
        {
            _values.MarkHolder(entry.MakeDetails());
        }

        long measured = MeasureForStore(entry.Key, entry.Value, entry.Size, out StoredKind kind);
        long now = entry.Expires ? _time.GetUtcNow().UtcTicks : 0;
        (long absolute, CacheItemPriority priority, EntryDetails? details) = entry.Begin(now);
        return Store(
            entry.Key,
            new EntryDraft(
                entry.Value, details, priority, measured, kind, absolute, now, entry.Pending));
    }

    /// <returns>Whether the entry was stored.</returns>
    private bool Store(object key, in EntryDraft entry)
    {
        try
        {
            return key is string text
                ? Store(key, in entry, new StringLookup(text))
                : Store(key, in entry, new ObjectLookup(key));
        }
        finally
        {
            // Once a write, and last: the writer may wait, and what follows from the write must not.
            PaceWriter();
        }
    }

    /// <returns>Whether the entry was stored.</returns>
    private bool Store<TLookup>(object key, in EntryDraft entry, scoped in TLookup lookup)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        EntryDetails? details = entry.Details;
        EvictionReason expiredBy = details?.ExpiredByTokensToo(entry.Now)
            ?? (entry.AbsoluteTicks != long.MaxValue && entry.Now >= entry.AbsoluteTicks
                ? EvictionReason.Expired
                : EvictionReason.None);
        if (expiredBy != EvictionReason.None)
        {
            RefuseExpired(in entry, in lookup);
            _counters.OnRefused(expiredBy);
            Discard(key, in entry, expiredBy);
            return false;
        }

        // What may throw comes before the first change: the clock is user code.
        long deadline = details?.Deadline ?? entry.AbsoluteTicks;
        _scan.OnUse();
        if (deadline != long.MaxValue)
        {
            _scan.Prepare();
        }

        bool stored = false;
        bool mustWatch = false;
        bool isValueWatched = details is not null && _values.Enter(details);
        try
        {
            if (details is { Tokens.Length: > 0 })
            {
                details.Subscribe(_onTokenChanged);
                details.TokenBytes = TokenBytes(details.Tokens);
            }

            var draft = new NewEntry
            {
                Key = key,
                Value = entry.Value,
                Details = details,
                Priority = entry.Priority,
                Charge = ChargeOf(entry.Measured, details, deadline != long.MaxValue),
                Deadline = deadline,
                Pending = entry.Pending,
                Marks = entry.Kind.Marks,
                IsUnfinished = entry.Kind.IsUnfinished,
                IsWatched = isValueWatched,
            };
            stored = _engine.Set(in lookup, in draft, out mustWatch);
        }
        finally
        {
            if (!stored && details is not null)
            {
                _callbacks.Unsubscribe(details.Tokens);
                if (isValueWatched)
                {
                    _values.OnRefused(details);
                }
            }
        }

        if (mustWatch)
        {
            EntryDetails holder = _values.MakeHolder(details, entry.Value, entry.AbsoluteTicks);
            return Store(key, entry with { Details = holder }, in lookup);
        }

        if (!stored && entry.Pending is { IsOvertaken: true } pending)
        {
            // As if it had been stored before the write that overtook it.
            Discard(key, in entry, pending.OvertakenBy);
            return false;
        }

        if (!stored)
        {
            _counters.OnRefused(EvictionReason.Capacity);
            Discard(key, in entry, EvictionReason.Capacity);
            return false;
        }

        // From here on nothing may throw: the entry is stored.
        StopUnwantedCounting();
        if (entry.Kind != default)
        {
            _audit!.OnStored(entry.Kind, entry.Value, lookup.Hash);
        }

        if (deadline != long.MaxValue)
        {
            _scan.OnStored(entry.Now);
        }

        // A token that fired before the entry was in the table found nothing to remove.
        if (details is { TokenFired: true })
        {
            _engine.Remove(details, EvictionReason.TokenExpired);
        }

        if (Volatile.Read(ref _isEmptied))
        {
            // Stored after the cache was disposed.
            _engine.Clear();
            _engine.Trim();
        }

        return true;
    }

    /// <summary>
    /// The new entry is not stored, but the old one is out of date. A pending store began without an old one.
    /// </summary>
    private void RefuseExpired<TLookup>(in EntryDraft entry, scoped in TLookup lookup)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        // Counted, so that the old entry's end does not dispose the value that the caller keeps.
        EntryDetails? details = entry.Details;
        if (_values.Watches(entry.Value))
        {
            details = _values.MakeHolder(details, entry.Value, entry.AbsoluteTicks);
        }

        bool isValueWatched = details is not null && _values.Enter(details);
        try
        {
            if (entry.Pending is null)
            {
                _engine.Remove(in lookup, EvictionReason.Replaced);
            }
        }
        finally
        {
            if (isValueWatched)
            {
                _values.OnRefused(details!);
            }
        }
    }

    /// <summary>
    /// The part of a charge that takes time to find. The clock is read after it, so that an expiration begins when the
    /// entry is stored.
    /// </summary>
    private long MeasureForStore(object key, object? value, long? declaredSize, out StoredKind kind)
    {
        kind = default;
        return _sizing == EntrySizing.Declared && declaredSize is null
            ? throw new InvalidOperationException(
                $"The cache '{Name}' counts declared sizes (EntrySizing.Declared), "
                    + $"so every entry must set ICacheEntry.Size; the one for the key {key} does not.")
            : Measure(key, value, declaredSize, out kind);
    }

    /// <summary>
    /// The bytes of key and value, or the declared size where sizes are declared; and what later measurements must know
    /// of the entry.
    /// </summary>
    private long Measure(object key, object? value, long? declaredSize, out StoredKind kind)
    {
        long declared = declaredSize.GetValueOrDefault();
        if (_audit is null)
        {
            kind = default;
            return Math.Min(declared, OrderNode.MaxCharge);
        }

        long bytes = _measurer.Measure(value, out MeasureNotes notes);
        long keyBytes = Math.Min(_measurer.Measure(key), OrderNode.MaxCharge);
        kind = _audit.KindOf(key, value, declared, keyBytes, notes);
        return Math.Min(Math.Max(bytes, declared), OrderNode.MaxCharge) + keyBytes;
    }

    private long ChargeOf(long measured, EntryDetails? details, bool hasDeadline)
    {
        if (_audit is null)
        {
            return measured;
        }

        long rest = _engine.BytesPerEntry
            + (hasDeadline ? CacheEngine.DeadlineBytesPerEntry : 0)
            + (details?.OwnBytes ?? 0);
        return Math.Min(measured + rest, OrderNode.MaxCharge);
    }

    private void Discard(object key, in EntryDraft entry, EvictionReason reason)
    {
        if (entry.Details is { } details)
        {
            _callbacks.OnRemoved(
                [new RemovedEntry(key, details, reason) { WasStored = false, Bytes = entry.Measured }]);
        }
    }

    /// <summary>
    /// Reports to the pacer after a write, as <see cref="Pace"/> does. The writer may have to wait for the collector.
    /// </summary>
    private void PaceWriter()
    {
        _pressure?.Report(_engine.CameBytes);
        TimeSpan waited = _pace?.Report(
            _engine.CreditedBytes, _engine.UsedBytes, _engine.MaxBytes, mayWait: !_disposed, _engine.BulkBytes)
            ?? TimeSpan.Zero;
        if (waited > TimeSpan.Zero)
        {
            _counters.OnWaited(waited);
            _instruments?.RecordWait(Name, waited);
        }
    }

    /// <summary>An entry that is to be stored.</summary>
    private readonly record struct EntryDraft(
        object? Value,
        EntryDetails? Details,
        CacheItemPriority Priority,
        long Measured,
        StoredKind Kind,
        long AbsoluteTicks,
        long Now,
        PendingStore? Pending = null);
}
