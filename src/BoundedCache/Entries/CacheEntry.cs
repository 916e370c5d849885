using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Entries;

/// <summary>What an entry that is being built needs of its cache.</summary>
internal interface IEntryStore
{
    /// <summary>
    /// Whether entries that are built or read while another one is being built pass their expiration on to it.
    /// </summary>
    bool TracksLinkedEntries { get; }

    /// <summary>
    /// Stores an entry. All user code (sizers, tokens, the key's own) runs before the first change. If it throws,
    /// nothing is stored and the exception reaches the writer.
    /// </summary>
    void Store(CacheEntry entry);
}

/// <summary>
/// An entry that is being built. It is stored when it is disposed, and has no effect afterwards.
/// </summary>
internal class CacheEntry : ICacheEntry
{
    /// <summary>
    /// The entry that this thread or asynchronous flow is building. Shared by all caches, as with MemoryCache.
    /// </summary>
    private static readonly AsyncLocal<CacheEntry?> s_current = new();

    private const long None = -1;

    private readonly IEntryStore _cache;
    private readonly CacheEntry? _outer;
    private List<PostEvictionCallbackRegistration>? _callbacks;
    private List<IChangeToken>? _tokens;

    // Plain numbers instead of nullable structs, because every set makes such an object.
    private long _relativeTicks; // 0 for none
    private long _slidingTicks; // 0 for none
    private long _size = None;
    private long _absoluteUtcTicks = None;
    private short _absoluteOffsetMinutes;
    private object? _value;
    private bool _hasValue;
    private bool _isDisposed;

    public CacheEntry(object key, IEntryStore cache)
    {
        Key = key;
        _cache = cache;
        if (cache.TracksLinkedEntries)
        {
            _outer = s_current.Value;
            s_current.Value = this;
        }
    }

    public static CacheEntry? Current => s_current.Value;

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
        get => _absoluteUtcTicks == None
            ? null
            : new DateTimeOffset(_absoluteUtcTicks, TimeSpan.Zero)
                .ToOffset(TimeSpan.FromMinutes(_absoluteOffsetMinutes));
        set
        {
            _absoluteUtcTicks = value?.UtcTicks ?? None;
            _absoluteOffsetMinutes = (short)(value?.TotalOffsetMinutes ?? 0);
        }
    }

    public TimeSpan? AbsoluteExpirationRelativeToNow
    {
        get => _relativeTicks == 0 ? null : TimeSpan.FromTicks(_relativeTicks);
        set => _relativeTicks = value > TimeSpan.Zero || value is null
            ? value.GetValueOrDefault().Ticks
            : throw new ArgumentOutOfRangeException(
                nameof(AbsoluteExpirationRelativeToNow), value, "The relative expiration value must be positive.");
    }

    public TimeSpan? SlidingExpiration
    {
        get => _slidingTicks == 0 ? null : TimeSpan.FromTicks(_slidingTicks);
        set => _slidingTicks = value > TimeSpan.Zero || value is null
            ? value.GetValueOrDefault().Ticks
            : throw new ArgumentOutOfRangeException(
                nameof(SlidingExpiration), value, "The sliding expiration value must be positive.");
    }

    public IList<IChangeToken> ExpirationTokens => _tokens ??= [];

    public IList<PostEvictionCallbackRegistration> PostEvictionCallbacks => _callbacks ??= [];

    public CacheItemPriority Priority { get; set; } = CacheItemPriority.Normal;

    public long? Size
    {
        get => _size == None ? null : _size;
        set => _size = value is null or >= 0
            ? value ?? None
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The size of an entry must not be negative.");
    }

    /// <summary>What the entry is the result of, if a write of its key meanwhile must win over it.</summary>
    public virtual PendingStore? Pending => null;

    /// <summary>Whether the entry must not be stored.</summary>
    public virtual bool IsWithdrawn => false;

    /// <summary>Whether storing the entry depends on the current time.</summary>
    public bool Expires =>
        _absoluteUtcTicks != None || _relativeTicks > 0 || _slidingTicks > 0 || _tokens is { Count: > 0 };

    /// <summary>Stores the entry, at the first call and if a value was set.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (_cache.TracksLinkedEntries)
        {
            s_current.Value = _outer;
        }

        if (_hasValue && !IsWithdrawn)
        {
            _cache.Store(this);

            // At least 1, because 0 would mean never: if the expiration is the beginning of time, the outer entry is
            // expired too.
            _outer?.Inherit(
                new Expiration(AbsoluteExpiration is { } at ? Math.Max(1, at.UtcTicks) : long.MaxValue, _tokens));
        }
    }

    /// <summary>
    /// UTC ticks at which the entry expires however often it is used: the earlier of the two settings;
    /// <see cref="long.MaxValue"/> for never.
    /// </summary>
    public long AbsoluteExpirationTicks(long nowTicks)
    {
        long absolute = _absoluteUtcTicks == None ? long.MaxValue : _absoluteUtcTicks;
        if (_relativeTicks == 0)
        {
            return absolute;
        }

        long limit = Math.Min(absolute, Ticks.Add(nowTicks, _relativeTicks));
        if (limit < absolute)
        {
            // Set here, because an outer entry inherits it.
            AbsoluteExpiration = limit > DateTimeOffset.MaxValue.UtcTicks
                ? DateTimeOffset.MaxValue
                : new DateTimeOffset(limit, TimeSpan.Zero);
        }

        return limit;
    }

    /// <summary>The details to keep with the key and the value; null where there are none.</summary>
    public EntryDetails? MakeDetails(long nowTicks) =>
        _callbacks is not { Count: > 0 } && _tokens is not { Count: > 0 } && _slidingTicks == 0
            ? null
            : new EntryDetails
            {
                Value = _value,
                Callbacks = _callbacks is { Count: > 0 } ? [.. _callbacks] : [],
                Tokens = CopyTokens(),
                AbsoluteExpirationTicks = AbsoluteExpirationTicks(nowTicks),
                SlidingTicks = _slidingTicks,
                LastAccessTicks = nowTicks,
            };

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
            if (_isDisposed)
            {
                return;
            }

            if (inner.Tokens is { Count: > 0 } tokens)
            {
                (_tokens ??= []).AddRange(tokens);
            }

            if (inner.AbsoluteTicks is > 0 and < long.MaxValue
                && !(AbsoluteExpiration?.UtcTicks <= inner.AbsoluteTicks))
            {
                AbsoluteExpiration = new DateTimeOffset(
                    Math.Min(inner.AbsoluteTicks, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);
            }
        }
    }

    private IChangeToken[] CopyTokens()
    {
        lock (this)
        {
            return _tokens is { Count: > 0 } ? [.. _tokens] : [];
        }
    }
}
