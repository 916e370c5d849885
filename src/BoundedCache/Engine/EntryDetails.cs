using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Engine;

/// <summary>
/// What only some entries have: eviction callbacks, change tokens, a sliding window. Stored in the slot instead of the
/// value, so that other entries need no space for it.
/// </summary>
internal sealed class EntryDetails
{
    /// <summary>
    /// Header, method table, four references and five numbers. A test compares it with the runtime.
    /// </summary>
    private const int ObjectBytes = 80;

    private IDisposable[]? _registrations;
    private long _lastAccessTicks;
    private int _tokenFired;

    public required object? Value { get; init; }

    public required PostEvictionCallbackRegistration[] Callbacks { get; init; }

    public required IChangeToken[] Tokens { get; init; }

    /// <summary>UTC ticks from which on the entry is expired; <see cref="long.MaxValue"/> for never.</summary>
    public required long AbsoluteExpirationTicks { get; init; }

    /// <summary>Ticks without a use after which the entry is expired; 0 for never.</summary>
    public required long SlidingTicks { get; init; }

    /// <summary>UTC ticks of the last use; only kept where there is a sliding window.</summary>
    public required long LastAccessTicks
    {
        get => Volatile.Read(ref _lastAccessTicks);
        init => _lastAccessTicks = value;
    }

    /// <summary>The entry's slot while it is in the table, else 0. Under the lock.</summary>
    public int Index { get; set; }

    /// <summary>Whether a token announced its change by itself.</summary>
    public bool TokenFired => Volatile.Read(ref _tokenFired) != 0;

    /// <summary>
    /// The moment from which on a reader must check before it takes the value: always if there are tokens, else the end
    /// of the sliding window as of now, or the absolute expiration.
    /// </summary>
    public long Deadline => Tokens.Length > 0 ? long.MinValue
        : SlidingTicks > 0 ? Math.Min(AbsoluteExpirationTicks, Ticks.Add(LastAccessTicks, SlidingTicks))
        : AbsoluteExpirationTicks;

    /// <summary>
    /// Bytes of this object and of its arrays, for the charge. Callbacks and tokens themselves are not counted: they
    /// belong to the caller.
    /// </summary>
    public long OwnBytes => ObjectBytes + ArrayBytes(Callbacks.Length) + (2 * ArrayBytes(Tokens.Length));

    /// <summary>Why the entry is expired, by what it knows itself; runs no user code.</summary>
    public EvictionReason ExpiredBy(long nowTicks) =>
        TokenFired ? EvictionReason.TokenExpired
        : nowTicks >= AbsoluteExpirationTicks || (SlidingTicks > 0 && nowTicks - LastAccessTicks >= SlidingTicks)
            ? EvictionReason.Expired
        : EvictionReason.None;

    /// <summary>
    /// Asks the tokens too: user code, which may throw, block, or call the cache. Never under the lock.
    /// </summary>
    public EvictionReason ExpiredByTokensToo(long nowTicks)
    {
        EvictionReason reason = ExpiredBy(nowTicks);
        if (reason == EvictionReason.None)
        {
            for (int i = 0; i < Tokens.Length; i++)
            {
                if (Tokens[i].HasChanged)
                {
                    return EvictionReason.TokenExpired;
                }
            }
        }

        return reason;
    }

    /// <summary>
    /// Notes a use. Never moves back: of two readers' times the later one stays, in whatever order they arrive.
    /// </summary>
    public void Use(long nowTicks)
    {
        long last = LastAccessTicks;
        while (nowTicks > last)
        {
            long seen = Interlocked.CompareExchange(ref _lastAccessTicks, nowTicks, last);
            if (seen == last)
            {
                return;
            }

            last = seen;
        }
    }

    /// <summary>Notes that a token announced its change. True the first time.</summary>
    public bool FireToken() => Interlocked.Exchange(ref _tokenFired, 1) == 0;

    /// <summary>
    /// Subscribes to the tokens that announce changes by themselves. User code: if it throws, nothing stays subscribed.
    /// </summary>
    /// <param name="onChanged">Called on a change, with this object.</param>
    /// <param name="onFailed">Receives what registrations throw when they are disposed. Must not throw.</param>
    public void Subscribe(Action<object?> onChanged, Action<Exception> onFailed)
    {
        var registrations = new List<IDisposable>(Tokens.Length);
        try
        {
            foreach (IChangeToken token in Tokens)
            {
                if (token.ActiveChangeCallbacks)
                {
                    registrations.Add(token.RegisterChangeCallback(onChanged, this));
                }
            }
        }
        catch
        {
            DisposeAll(registrations, onFailed);
            throw;
        }

        Volatile.Write(ref _registrations, [.. registrations]);
    }

    /// <summary>
    /// Disposes the token registrations, each once, even if this is called again or one of them throws.
    /// </summary>
    /// <param name="onFailed">Receives what registrations throw: they are user code. Must not throw.</param>
    public void Unsubscribe(Action<Exception> onFailed) =>
        DisposeAll(Interlocked.Exchange(ref _registrations, null) ?? [], onFailed);

    private static void DisposeAll(IEnumerable<IDisposable?> registrations, Action<Exception> onFailed)
    {
        foreach (IDisposable? registration in registrations)
        {
            try
            {
                registration?.Dispose();
            }
#pragma warning disable CA1031 // A registration is user code: what it throws is reported; others are disposed too.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                onFailed(failure);
            }
        }
    }

    private static long ArrayBytes(int length) => length == 0 ? 0 : 24 + (length * 8L);
}

/// <summary>
/// Sums of clock ticks that stop at the largest value, so that an expiration far in the future does not overflow into
/// the past.
/// </summary>
internal static class Ticks
{
    public static long Add(long ticks, long more) => more > long.MaxValue - ticks ? long.MaxValue : ticks + more;
}

/// <summary>When and by what an entry expires: what an entry inherits that was built while this one was read.</summary>
/// <param name="AbsoluteTicks">UTC ticks; <see cref="long.MaxValue"/>, or 0 where nothing is known, for never.</param>
/// <param name="Tokens">The entry's tokens, if it has any.</param>
internal readonly record struct Expiration(long AbsoluteTicks, IReadOnlyList<IChangeToken>? Tokens);

/// <summary>An entry ready to be stored, with its charge.</summary>
internal readonly struct NewEntry
{
    public required object Key { get; init; }

    /// <summary>The value; ignored if there are <see cref="Details"/>, which hold it.</summary>
    public required object? Value { get; init; }

    public required EntryDetails? Details { get; init; }

    public required CacheItemPriority Priority { get; init; }

    /// <summary>Bytes charged.</summary>
    public required long Charge { get; init; }

    /// <summary>
    /// UTC ticks from which on readers must check before they take the value; <see cref="long.MaxValue"/> for an entry
    /// that does not expire.
    /// </summary>
    public required long Deadline { get; init; }

    /// <summary>The pending store that this entry is the result of; null for any other write.</summary>
    public PendingStore? Pending { get; init; }

    public object? Content => Details ?? Value;

    public SlotFlags Flags => (Details is null ? SlotFlags.None : SlotFlags.HasDetails)
        | (Deadline == long.MaxValue ? SlotFlags.None : SlotFlags.HasDeadline);
}
