using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Engine;

/// <summary>
/// What only some entries have: eviction callbacks, change tokens, a sliding window. Stands in the slot in the value's
/// place, so that other entries pay nothing for it.
/// </summary>
internal sealed class EntryDetails
{
    /// <summary>
    /// Header, method table, four references and five numbers; a test holds it against the runtime's count.
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
    /// The moment from which on a reader must not take the value without asking: always where tokens have to be polled,
    /// else the end of the sliding window as of now, or the absolute expiration.
    /// </summary>
    public long Deadline => Tokens.Length > 0 ? long.MinValue
        : SlidingTicks > 0 ? Math.Min(AbsoluteExpirationTicks, Ticks.Add(LastAccessTicks, SlidingTicks))
        : AbsoluteExpirationTicks;

    /// <summary>
    /// Bytes of this object and of its arrays, for the charge. What callbacks and tokens themselves keep alive
    /// belongs to whoever made them.
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
    /// Notes a use. Only forwards: of two readers the later one's time stays, in whatever order they arrive here.
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
    /// <param name="onChanged">Told of a change, with this object.</param>
    /// <param name="onFailed">Told what registrations throw when they are taken back. Must not throw.</param>
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
    /// Lets go of the tokens. Each registration is disposed once, whoever calls how often, and
    /// whatever another one throws.
    /// </summary>
    /// <param name="onFailed">Told what registrations throw: user code. Must not throw.</param>
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
#pragma warning disable CA1031 // A registration is user code: what it throws is reported, and the others are disposed all the same.
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
/// Sums of clock ticks that stop at the ends of time, so that an expiration far in the future is
/// never and not in the past.
/// </summary>
internal static class Ticks
{
    public static long Add(long ticks, long more) => more > long.MaxValue - ticks ? long.MaxValue : ticks + more;
}

/// <summary>When and by what an entry expires, as far as an entry that is built with its help must know.</summary>
/// <param name="AbsoluteTicks">UTC ticks; <see cref="long.MaxValue"/>, or 0 where nothing is known, for never.</param>
/// <param name="Tokens">The entry's tokens, if it has any.</param>
internal readonly record struct Expiration(long AbsoluteTicks, IReadOnlyList<IChangeToken>? Tokens);
