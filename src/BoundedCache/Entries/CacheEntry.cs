using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Entries;

/// <summary>What the builder of an entry needs of its cache.</summary>
internal interface IEntryStore
{
    /// <summary>
    /// Whether entries that are built or read while another one is being built pass their expiration on to it.
    /// </summary>
    bool TracksLinkedEntries { get; }

    /// <summary>UTC ticks of the cache's clock.</summary>
    long NowTicks { get; }

    /// <summary>
    /// Stores an entry. All user code (sizers, tokens, the key's own) runs before the first change. If it throws,
    /// nothing is stored and the exception reaches the writer.
    /// </summary>
    /// <returns>Whether the entry was stored.</returns>
    bool Store(CacheEntry entry);

    /// <summary>Whether the entry is the one that is stored now.</summary>
    bool Holds(CacheEntry entry);

    /// <summary>
    /// Gives the entry its settings and new lists, if it is the one that is stored now; else changes the lists only.
    /// </summary>
    SettingsUpdate Update(CacheEntry entry, in ListChange change);

    /// <summary>
    /// Subscribes an entry to a token. User code, whose exceptions reach the caller. Subscribes to nothing if the token
    /// has changed already, or does not announce changes.
    /// </summary>
    TokenSubscription Subscribe(IChangeToken token, EntryDetails details);

    /// <summary>Removes the entry with these details, because a token has changed.</summary>
    void Expire(EntryDetails details);

    /// <summary>Ends subscriptions. Never throws.</summary>
    void Unsubscribe(Span<EntryToken> tokens);
}

/// <summary>A new token of a stored entry.</summary>
/// <param name="Token">The token, with its registration if there is one.</param>
/// <param name="HasChanged">Whether the token has changed already.</param>
/// <param name="Bytes">What the token and its registration are charged.</param>
internal record struct TokenSubscription(EntryToken Token, bool HasChanged, long Bytes);

/// <summary>
/// The builder of an entry, which is stored when the builder is disposed. Later settings apply while the entry is the
/// stored one: it has the key and the value that the builder has. Value and size are frozen.
/// </summary>
/// <remarks>
/// Not thread-safe until it is disposed, except for <see cref="Inherit"/>; thread-safe from then on. A setting is
/// written here first, and then the engine takes over all settings under its lock. So whichever of several setters
/// comes last, the entry gets what the builder says.
/// </remarks>
internal class CacheEntry : ICacheEntry, IEntrySettings
{
    private const long None = -1;

    private readonly IEntryStore _cache;
    private EntryScope? _scope;
    private EntryDetails? _details;

    // Plain numbers instead of nullable structs, because every set makes such an object.
    private long _relativeTicks; // 0 for none
    private long _slidingTicks; // 0 for none
    private long _size = None;
    private long _absoluteUtcTicks = None;
    private long _relativeEndTicks = long.MaxValue; // when the relative expiration ends, once that is known
    private short _absoluteOffsetMinutes;
    private CacheItemPriority _priority = CacheItemPriority.Normal;
    private object? _value;
    private bool _hasValue;
    private volatile State _state;

    public CacheEntry(object key, IEntryStore cache)
    {
        Key = key;
        _cache = cache;
        if (cache.TracksLinkedEntries)
        {
            _scope = EntryScope.Enter(this);
        }
    }

    private enum State : byte
    {
        Building,

        /// <summary>The entry was stored, or is being stored. It may have left the cache since.</summary>
        Stored,

        /// <summary>The entry never was in the cache, and never will be.</summary>
        Apart,
    }

    public object Key { get; }

    public object? Value
    {
        get => _value;
        set
        {
            _value = value;
            _hasValue = true;
        }
    }

    public DateTimeOffset? AbsoluteExpiration
    {
        get
        {
            lock (this)
            {
                return _relativeEndTicks < SaidAbsoluteTicks
                    ? new DateTimeOffset(Math.Min(_relativeEndTicks, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero)
                    : _absoluteUtcTicks == None
                    ? null
                    : new DateTimeOffset(_absoluteUtcTicks, TimeSpan.Zero)
                        .ToOffset(TimeSpan.FromMinutes(_absoluteOffsetMinutes));
            }
        }

        set
        {
            lock (this)
            {
                // As with MemoryCache, where a relative expiration of a stored entry is an absolute one.
                _relativeEndTicks = long.MaxValue;
                Volatile.Write(ref _absoluteUtcTicks, value?.UtcTicks ?? None);
                _absoluteOffsetMinutes = (short)(value?.TotalOffsetMinutes ?? 0);
            }

            Apply();
        }
    }

    public TimeSpan? AbsoluteExpirationRelativeToNow
    {
        get => _relativeTicks == 0 ? null : TimeSpan.FromTicks(_relativeTicks);
        set
        {
            long ticks = PositiveTicks(value, nameof(AbsoluteExpirationRelativeToNow), "relative");
            long end = _state == State.Building || ticks == 0
                ? long.MaxValue
                : Ticks.Add(_cache.NowTicks, ticks);
            lock (this)
            {
                _relativeTicks = ticks;
                Volatile.Write(ref _relativeEndTicks, end);
            }

            Apply();
        }
    }

    public TimeSpan? SlidingExpiration
    {
        get => _slidingTicks == 0 ? null : TimeSpan.FromTicks(_slidingTicks);
        set
        {
            long ticks = PositiveTicks(value, nameof(SlidingExpiration), "sliding");
            if (_state == State.Stored && ticks > 0)
            {
                MakeDetails();
            }

            Volatile.Write(ref _slidingTicks, ticks);
            Apply();
        }
    }

    public IList<IChangeToken> ExpirationTokens => new TokenList(this);

    public IList<PostEvictionCallbackRegistration> PostEvictionCallbacks => new CallbackList(this);

    public CacheItemPriority Priority
    {
        get => _priority;
        set
        {
            _priority = value;
            Apply();
        }
    }

    public long? Size
    {
        get => _size == None ? null : _size;
        set => _size = value is null or >= 0
            ? value ?? None
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The size of an entry must not be negative.");
    }

    /// <summary>What the entry is the result of, if a write of its key meanwhile must win over it.</summary>
    public virtual PendingStore? Pending => null;

    /// <summary>Whether storing the entry depends on the current time.</summary>
    public bool Expires =>
        _absoluteUtcTicks != None || _relativeTicks > 0 || _slidingTicks > 0 || _details is { Tokens.Length: > 0 };

    /// <summary>The details; null while no setting needed any.</summary>
    public EntryDetails? Details => Volatile.Read(ref _details);

    /// <summary>The cache that the entry was made for.</summary>
    public IEntryStore Cache => _cache;

    /// <summary>Whether the entry is in the cache now.</summary>
    public bool IsHeld => _state == State.Stored && _cache.Holds(this);

    /// <inheritdoc/>
    long IEntrySettings.AbsoluteTicks => AbsoluteTicks;

    /// <inheritdoc/>
    long IEntrySettings.SlidingTicks => Volatile.Read(ref _slidingTicks);

    /// <inheritdoc/>
    CacheItemPriority IEntrySettings.Priority => EvictionPriority;

    /// <summary>The priority for eviction: a number that is no priority counts as normal.</summary>
    public CacheItemPriority EvictionPriority =>
        _priority is >= 0 and <= CacheItemPriority.NeverRemove ? _priority : CacheItemPriority.Normal;

    /// <summary>
    /// UTC ticks at which the entry expires however often it is used: the earlier of the two settings;
    /// <see cref="long.MaxValue"/> for never.
    /// </summary>
    private long AbsoluteTicks => Math.Min(SaidAbsoluteTicks, Volatile.Read(ref _relativeEndTicks));

    private long SaidAbsoluteTicks =>
        Volatile.Read(ref _absoluteUtcTicks) is var ticks && ticks == None ? long.MaxValue : ticks;

    /// <summary>Stores the entry, at the first call and if a value was set.</summary>
    public void Dispose()
    {
        lock (this)
        {
            if (_state != State.Building)
            {
                return;
            }

            // Already now: as soon as the entry is in the table, other threads may find it and change its settings.
            _state = _hasValue ? State.Stored : State.Apart;
        }

        CacheEntry? outer = _scope?.Leave();
        _scope = null;
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
    /// is used, and the details to keep with the key and the value; null where there are none.
    /// </summary>
    public (long AbsoluteTicks, EntryDetails? Details) Begin(long nowTicks)
    {
        if (_relativeTicks > 0)
        {
            _relativeEndTicks = Ticks.Add(nowTicks, _relativeTicks);
        }

        EntryDetails? details = _slidingTicks > 0 ? MakeDetails() : _details;
        if (details is null
            || (_slidingTicks == 0 && details.Callbacks.Length == 0 && details.Tokens.Length == 0))
        {
            return (AbsoluteTicks, null);
        }

        details.Value = _value;
        details.AbsoluteExpirationTicks = AbsoluteTicks;
        details.SlidingTicks = _slidingTicks;
        details.LastAccessTicks = nowTicks;
        return (AbsoluteTicks, details);
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

    /// <summary>The details, made where there are none. They are the same ever after.</summary>
    public EntryDetails MakeDetails() =>
        Details ?? (Interlocked.CompareExchange(ref _details, EntryDetails.Empty(), null) ?? _details!);

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

    /// <summary>Gives a stored entry what was just said of it.</summary>
    private void Apply()
    {
        if (_state == State.Stored)
        {
            _cache.Update(this, default);
        }
    }

    private static long PositiveTicks(TimeSpan? value, string name, string kind) =>
        value > TimeSpan.Zero || value is null
            ? value.GetValueOrDefault().Ticks
            : throw new ArgumentOutOfRangeException(
                name, value, $"The {kind} expiration value must be positive.");
}
