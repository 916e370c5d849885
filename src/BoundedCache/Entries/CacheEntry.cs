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
    /// Stores an entry. All user code (sizers, tokens, the key's own) has run when the first thing changes; if it
    /// throws, nothing is stored and the exception reaches the writer.
    /// </summary>
    void Store(CacheEntry entry);
}

/// <summary>An entry that is being built, until it is disposed, and with that stored.</summary>
internal sealed class CacheEntry : ICacheEntry
{
    /// <summary>
    /// The entry around whose building this thread's, or asynchronous flow's, work goes on; shared by all
    /// caches, as with MemoryCache.
    /// </summary>
    private static readonly AsyncLocal<CacheEntry?> s_current = new();

    private readonly IEntryStore _cache;
    private readonly CacheEntry? _outer;
    private List<PostEvictionCallbackRegistration>? _callbacks;
    private List<IChangeToken>? _tokens;

    // Plain numbers in the place of nullable structs, since there is such an object for every set: 0, 0,
    // -1 and -1 stand for none.
    private long _relativeTicks;
    private long _slidingTicks;
    private long _size = -1;
    private long _absoluteUtcTicks = -1;
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
        get => _absoluteUtcTicks < 0
            ? null
            : new DateTimeOffset(_absoluteUtcTicks, TimeSpan.Zero)
                .ToOffset(TimeSpan.FromMinutes(_absoluteOffsetMinutes));
        set
        {
            _absoluteUtcTicks = value?.UtcTicks ?? -1;
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
        get => _size < 0 ? null : _size;
        set => _size = value is null or >= 0
            ? value ?? -1
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The size of an entry must not be negative.");
    }

    /// <summary>Whether it matters what time it is when the entry is stored.</summary>
    public bool Expires =>
        _absoluteUtcTicks >= 0 || _relativeTicks > 0 || _slidingTicks > 0 || _tokens is { Count: > 0 };

    /// <summary>Stores the entry, the first time and if a value was set.</summary>
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

        if (_hasValue)
        {
            _cache.Store(this);

            // At least 1, for 0 would mean never: an expiration at the beginning of time is over
            // for the outer entry too.
            _outer?.Inherit(
                new Expiration(AbsoluteExpiration is { } at ? Math.Max(1, at.UtcTicks) : long.MaxValue, _tokens));
        }
    }

    /// <summary>
    /// UTC ticks at which the entry expires whatever its use, by the earlier of the two settings;
    /// <see cref="long.MaxValue"/> for never.
    /// </summary>
    public long AbsoluteExpirationTicks(long nowTicks)
    {
        long absolute = _absoluteUtcTicks < 0 ? long.MaxValue : _absoluteUtcTicks;
        if (_relativeTicks == 0)
        {
            return absolute;
        }

        long limit = Math.Min(absolute, Ticks.Add(nowTicks, _relativeTicks));
        if (limit < absolute)
        {
            // Said back to the entry, for an outer entry inherits it.
            AbsoluteExpiration = limit > DateTimeOffset.MaxValue.UtcTicks
                ? DateTimeOffset.MaxValue
                : new DateTimeOffset(limit, TimeSpan.Zero);
        }

        return limit;
    }

    /// <summary>What must outlive this builder beside key and value; null where there is nothing.</summary>
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
    /// absolute expiration if earlier.
    /// </summary>
    public void Inherit(Expiration inner)
    {
        // Several flows that were started within this one may build inner entries at the same time.
        lock (this)
        {
            // Stored, or given up. A flow that this entry was begun in and not ended may go on for as long as the
            // process, and add to it all the while.
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
