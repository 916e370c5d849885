using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Entries;

/// <summary>
/// The builder of an entry, which is stored when the builder is disposed. Later settings apply while the entry is the
/// stored one: it has the key and the value that the builder has. Value and size are frozen.
/// </summary>
/// <remarks>
/// Not thread-safe until it is disposed, except for <see cref="Inherit"/>; thread-safe from then on. A setting is
/// written here first, and then the engine takes over all settings under its lock. So whichever of several setters
/// comes last, the entry gets what the builder says.
/// </remarks>
internal partial class CacheEntry : ICacheEntry, IEntrySettings
{
    private const long None = -1;

    private readonly IEntryStore _cache;

    // The scope while the entry is built, and then what the entry in the table was given: one field instead of two,
    // because every set makes such an object.
    private object? _scopeOrGiven;
    private EntryDetails? _details;

    // Plain numbers instead of nullable structs, for the same reason.
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
            _scopeOrGiven = EntryScope.Enter(this);
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
            if (!IsShared)
            {
                return ReadAbsoluteExpiration();
            }

            lock (this)
            {
                return ReadAbsoluteExpiration();
            }
        }

        set
        {
            if (!IsShared)
            {
                WriteAbsoluteExpiration(value);
                return;
            }

            KeepGiven();
            lock (this)
            {
                WriteAbsoluteExpiration(value);
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
            if (_state == State.Building)
            {
                _relativeTicks = ticks;
                return;
            }

            KeepGiven();
            long end = ticks == 0 ? long.MaxValue : Ticks.Add(_cache.NowTicks, ticks);
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
            KeepGiven();
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

    /// <summary>Whether other threads may change settings now.</summary>
    private bool IsShared => _state != State.Building || _scopeOrGiven is not null;

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

    /// <summary>Gives a stored entry what was just said of it.</summary>
    private void Apply()
    {
        if (_state == State.Stored)
        {
            _cache.Update(this, default);
        }
    }

    private DateTimeOffset? ReadAbsoluteExpiration() => _relativeEndTicks < SaidAbsoluteTicks
        ? new DateTimeOffset(Math.Min(_relativeEndTicks, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero)
        : _absoluteUtcTicks == None
        ? null
        : new DateTimeOffset(_absoluteUtcTicks, TimeSpan.Zero).ToOffset(TimeSpan.FromMinutes(_absoluteOffsetMinutes));

    private void WriteAbsoluteExpiration(DateTimeOffset? value)
    {
        // As with MemoryCache, where the relative expiration of a stored entry is an absolute one.
        Volatile.Write(ref _relativeEndTicks, long.MaxValue);
        Volatile.Write(ref _absoluteUtcTicks, value?.UtcTicks ?? None);
        _absoluteOffsetMinutes = (short)(value?.TotalOffsetMinutes ?? 0);
    }

    private static long PositiveTicks(TimeSpan? value, string name, string kind) =>
        value > TimeSpan.Zero || value is null
            ? value.GetValueOrDefault().Ticks
            : throw new ArgumentOutOfRangeException(
                name, value, $"The {kind} expiration value must be positive.");
}
