using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Entries;

/// <summary>How an entry is stored, and what others change of it before and afterwards.</summary>
internal partial class CacheEntry
{
    /// <summary>Stores the entry, at the first call and if a value was set.</summary>
    public virtual void Dispose()
    {
        if (_state != State.Building)
        {
            return;
        }

        CacheEntry? outer = ((EntryScope?)_scopeOrGiven)?.Leave();
        EndBuilding();
        if (!_hasValue)
        {
            return;
        }

        bool isStored = false;
        try
        {
            isStored = _cache.Store(this);
        }
        finally
        {
            if (!isStored)
            {
                _state = State.Apart;
            }
        }

        // At least 1, because 0 would mean never: if the expiration is the beginning of time, the outer entry is
        // expired too.
        outer?.Inherit(new Expiration(Math.Max(1, AbsoluteTicks), _details?.Tokens));
    }

    /// <summary>Ends the building, and stores nothing, even if a value was set.</summary>
    protected void Withdraw()
    {
        _hasValue = false;
        Dispose();
    }

    /// <summary>
    /// Begins the life of the entry: the relative expiration counts from now. Answers when it expires however often it
    /// is used, its priority for eviction, and the details to keep with the key and the value; null where there are
    /// none.
    /// </summary>
    public (long AbsoluteTicks, CacheItemPriority Priority, EntryDetails? Details) Begin(long nowTicks)
    {
        if (_relativeTicks > 0)
        {
            _relativeEndTicks = Ticks.Add(nowTicks, _relativeTicks);
        }

        (long absolute, CacheItemPriority priority) = (AbsoluteTicks, EvictionPriority);
        (_scopeOrGiven as Given)?.Set(absolute, priority);
        EntryDetails? details = _slidingTicks > 0 ? MakeDetails() : _details;
        if (details is null
            || (_slidingTicks == 0 && details.Callbacks.Length == 0 && details.Tokens.Length == 0))
        {
            return (absolute, priority, null);
        }

        details.Value = _value;
        details.AbsoluteExpirationTicks = absolute;
        details.SlidingTicks = _slidingTicks;
        details.LastAccessTicks = nowTicks;
        return (absolute, priority, details);
    }

    /// <summary>
    /// Takes over the expiration of an entry that was built or read while this one was being built: its tokens, and its
    /// absolute expiration if that is earlier. Thread-safe: flows that were started within this entry may
    /// call it at the same time.
    /// </summary>
    public void Inherit(Expiration inner)
    {
        // No lock of its own: that would be one more object for every set.
        lock (this)
        {
            // A flow in which this entry was begun may outlive it, and must not add to it for ever.
            if (_state != State.Building)
            {
                return;
            }

            if (inner.Tokens is { Length: > 0 } tokens)
            {
                EntryDetails details = MakeDetails();
                details.Tokens = [.. details.Tokens, .. tokens.Select(static token => new EntryToken(token.Token))];
            }

            if (inner.AbsoluteTicks is > 0 and < long.MaxValue && inner.AbsoluteTicks < SaidAbsoluteTicks)
            {
                _absoluteUtcTicks = Math.Min(inner.AbsoluteTicks, DateTimeOffset.MaxValue.UtcTicks);
                _absoluteOffsetMinutes = 0;
            }
        }
    }

    /// <summary>
    /// The details, made where there are none. They are the same ever after, unless the engine gave the entry others
    /// before these were in use.
    /// </summary>
    public EntryDetails MakeDetails() =>
        Details ?? (Interlocked.CompareExchange(ref _details, EntryDetails.Empty(), null) ?? _details!);

    /// <inheritdoc/>
    public bool HasApplied(long absoluteTicks, CacheItemPriority priority) =>
        GetGiven() is var given && given.AbsoluteTicks == absoluteTicks && given.Priority == priority;

    /// <inheritdoc/>
    public void OnApplied(long absoluteTicks, CacheItemPriority priority) => GetGiven().Set(absoluteTicks, priority);

    /// <inheritdoc/>
    public bool TryTakeOver(EntryDetails details)
    {
        while (true)
        {
            EntryDetails? own = Details;
            if (own is { Callbacks.Length: > 0 } or { Tokens.Length: > 0 })
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _details, details, own) == own)
            {
                details.TakeOverFrom(own);
                return true;
            }
        }
    }

    /// <summary>Replaces lists, unless somebody else did so first.</summary>
    public SettingsUpdate Change(in ListChange change)
    {
        if (_state == State.Stored)
        {
            return _cache.Update(this, in change);
        }

        lock (this)
        {
            if (change.IsOutdated(_details))
            {
                return SettingsUpdate.ListChanged;
            }

            change.ApplyTo(_details);
            return SettingsUpdate.NotStored;
        }
    }

    private void EndBuilding()
    {
        // Already now: as soon as the entry is in the table, other threads may find it and change its settings.
        State after = _hasValue ? State.Stored : State.Apart;
        if (_scopeOrGiven is null)
        {
            _state = after;
            return;
        }

        // What other flows hand up is in the entry, or comes too late.
        lock (this)
        {
            _scopeOrGiven = null;
            _state = after;
        }
    }

    /// <summary>Call it before a setting changes: the table has the old one until the engine has taken over.</summary>
    private void KeepGiven()
    {
        if (_state == State.Stored)
        {
            GetGiven();
        }
    }

    /// <summary>
    /// What the entry in the table was given; made of the settings while they are what the entry was stored with.
    /// </summary>
    private Given GetGiven()
    {
        if (Volatile.Read(ref _scopeOrGiven) is Given known)
        {
            return known;
        }

        var made = new Given();
        made.Set(AbsoluteTicks, EvictionPriority);
        return Interlocked.CompareExchange(ref _scopeOrGiven, made, null) as Given ?? made;
    }

    /// <summary>Settings that the entry in the table has. Changes under the engine's lock.</summary>
    private sealed class Given
    {
        public long AbsoluteTicks { get; private set; }

        public CacheItemPriority Priority { get; private set; }

        public void Set(long absoluteTicks, CacheItemPriority priority) =>
            (AbsoluteTicks, Priority) = (absoluteTicks, priority);
    }
}
