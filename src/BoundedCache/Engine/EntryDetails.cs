using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Engine;

/// <summary>
/// What only some entries have: eviction callbacks, change tokens, a sliding window. Stored in the slot instead of the
/// value, so that other entries need no space for it.
/// </summary>
/// <remarks>
/// While it is not in the table, it belongs to the builder of its entry. From then on it changes under the engine's
/// lock only, and readers see each change as a whole. The arrays never change: another array replaces them.
/// </remarks>
internal sealed class EntryDetails
{
    /// <summary>The <see cref="Index"/> of an entry that was in the table and left it.</summary>
    public const int Left = AccessOrder.None;

    private const int Fired = 1;
    private const int Ownerless = 2;
    private const int Uncharged = 4;
    private const int Held = 8;

    /// <summary>
    /// Header, method table, three references and six numbers. A test compares it with the runtime.
    /// </summary>
    private const int ObjectBytes = 80;

    /// <summary>
    /// What tells who holds a value that is disposed: a <c>ValueHolders</c>, and the cells of its dictionary, of which
    /// half to all are in use.
    /// </summary>
    private const int HolderBytes = 80;

    private PostEvictionCallbackRegistration[] _callbacks = [];
    private EntryToken[] _tokens = [];
    private long _absoluteExpirationTicks;
    private long _slidingTicks;
    private long _lastAccessTicks;
    private int _state;

    public required object? Value { get; set; }

    public required PostEvictionCallbackRegistration[] Callbacks
    {
        get => Volatile.Read(ref _callbacks);
        set => Volatile.Write(ref _callbacks, value);
    }

    public required EntryToken[] Tokens
    {
        get => Volatile.Read(ref _tokens);
        set => Volatile.Write(ref _tokens, value);
    }

    /// <summary>
    /// Bytes that the tokens and their registrations are charged, beyond the array <see cref="Tokens"/>.
    /// </summary>
    public long TokenBytes { get; set; }

    /// <summary>UTC ticks from which on the entry is expired; <see cref="long.MaxValue"/> for never.</summary>
    public required long AbsoluteExpirationTicks
    {
        get => Volatile.Read(ref _absoluteExpirationTicks);
        set => Volatile.Write(ref _absoluteExpirationTicks, value);
    }

    /// <summary>Ticks without a use after which the entry is expired; 0 for never.</summary>
    public required long SlidingTicks
    {
        get => Volatile.Read(ref _slidingTicks);
        set => Volatile.Write(ref _slidingTicks, value);
    }

    /// <summary>UTC ticks of the last use; only kept where there is a sliding window.</summary>
    public required long LastAccessTicks
    {
        get => Volatile.Read(ref _lastAccessTicks);
        set => Volatile.Write(ref _lastAccessTicks, value);
    }

    /// <summary>
    /// The entry's slot while it is in the table, 0 before, and <see cref="Left"/> afterwards. Under the lock.
    /// </summary>
    public int Index { get; set; }

    /// <summary>Whether a token announced its change by itself.</summary>
    public bool TokenFired => (Volatile.Read(ref _state) & Fired) != 0;

    /// <summary>
    /// Whether the engine gave these details to an entry that had none, so that its builder does not know them. Set
    /// under the lock.
    /// </summary>
    public bool IsOwnerless => (Volatile.Read(ref _state) & Ownerless) != 0;

    /// <summary>
    /// The details that the entry has instead of these, if its builder made these too late; else these.
    /// </summary>
    public EntryDetails Latest => Value as EntryDetails ?? this;

    /// <summary>
    /// The moment from which on a reader must check before it takes the value: always if there are tokens, else the end
    /// of the sliding window as of now, or the absolute expiration.
    /// </summary>
    public long Deadline => Tokens.Length > 0 ? long.MinValue
        : SlidingTicks > 0 ? Math.Min(AbsoluteExpirationTicks, Ticks.Add(LastAccessTicks, SlidingTicks))
        : AbsoluteExpirationTicks;

    /// <summary>Bytes of this object, of its arrays, and of its tokens' registrations, within the charge.</summary>
    public long OwnBytes => IsUncharged ? 0 : BytesWith(Callbacks, Tokens, TokenBytes);

    /// <summary>
    /// Whether the entry's charge is from before it had these details, which then add nothing to it. Under the lock.
    /// </summary>
    public bool IsUncharged => (Volatile.Read(ref _state) & Uncharged) != 0;

    /// <summary>Details for an entry that has nothing of what they hold yet.</summary>
    public static EntryDetails Empty() => new()
    {
        Value = null,
        Callbacks = [],
        Tokens = [],
        AbsoluteExpirationTicks = long.MaxValue,
        SlidingTicks = 0,
        LastAccessTicks = 0,
    };

    /// <summary>
    /// <see cref="OwnBytes"/> if they held these. Callbacks are not counted: they belong to the caller.
    /// </summary>
    public long BytesWith(PostEvictionCallbackRegistration[] callbacks, EntryToken[] tokens, long tokenBytes) =>
        ObjectBytes + ArrayBytes(callbacks.Length) + ArrayBytes(2 * tokens.Length) + tokenBytes
            + ((Volatile.Read(ref _state) & Held) != 0 ? HolderBytes : 0);

    /// <summary>Why the entry is expired, by what it knows itself; runs no user code.</summary>
    public EvictionReason ExpiredBy(long nowTicks) =>
        TokenFired ? EvictionReason.TokenExpired
        : nowTicks >= AbsoluteExpirationTicks
            || (SlidingTicks is > 0 and var sliding && nowTicks - LastAccessTicks >= sliding)
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
            EntryToken[] tokens = Tokens;
            for (int i = 0; i < tokens.Length; i++)
            {
                if (tokens[i].Token.HasChanged)
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
    public bool FireToken() => (Interlocked.Or(ref _state, Fired) & Fired) == 0;

    /// <summary>Notes that no builder knows these details.</summary>
    public void BecomeOwnerless() => Interlocked.Or(ref _state, Ownerless | Uncharged);

    /// <summary>
    /// Notes that it is counted who holds the value. Before the entry is charged: what is stored did not grow.
    /// </summary>
    public void BecomeHeld() => Interlocked.Or(ref _state, Held);

    /// <summary>The charge includes <see cref="OwnBytes"/> from now on.</summary>
    public void BecomeCharged() => Interlocked.And(ref _state, ~Uncharged);

    /// <summary>Makes these the details of an entry whose builder takes them over. Under the lock.</summary>
    /// <param name="unused">Those that the builder made for it; null for none.</param>
    public void TakeOverFrom(EntryDetails? unused)
    {
        Interlocked.And(ref _state, ~Ownerless);
        if (unused is null)
        {
            return;
        }

        // A token of the builder may be subscribed with the unused ones already. Whoever fires it notes that first and
        // then looks for the latest ones; here it is the other way round, so one of the two sees the other.
        unused.Value = this;
        Interlocked.MemoryBarrier();
        if (unused.TokenFired)
        {
            FireToken();
        }
    }

    /// <summary>
    /// Subscribes to the tokens that announce changes by themselves. User code: if it throws, the caller must end the
    /// subscriptions that were made. Call it before the details are in the table.
    /// </summary>
    /// <param name="onChanged">Called on a change, with this object.</param>
    public void Subscribe(Action<object?> onChanged)
    {
        EntryToken[] tokens = Tokens;
        for (int i = 0; i < tokens.Length; i++)
        {
            IChangeToken token = tokens[i].Token;
            if (token.ActiveChangeCallbacks)
            {
                tokens[i].Registration = token.RegisterChangeCallback(onChanged, this);
            }
        }
    }

    private static long ArrayBytes(int length) => length == 0 ? 0 : 24 + (length * 8L);
}

/// <summary>A change token of an entry.</summary>
internal struct EntryToken(IChangeToken token, IDisposable? registration = null)
{
    public readonly IChangeToken Token = token;

    /// <summary>What ends the subscription; null where there is none.</summary>
    public IDisposable? Registration = registration;

    /// <summary>Disposes registrations, each once, even if this is called again or one of them throws.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="onFailed">Receives what registrations throw: they are user code. Must not throw.</param>
    public static void UnsubscribeAll(Span<EntryToken> tokens, Action<Exception> onFailed)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            tokens[i].Unsubscribe(onFailed);
        }
    }

    /// <inheritdoc cref="UnsubscribeAll"/>
    public void Unsubscribe(Action<Exception> onFailed)
    {
        try
        {
            Interlocked.Exchange(ref Registration, null)?.Dispose();
        }
#pragma warning disable CA1031 // A registration is user code: what it throws is reported; others are disposed too.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            onFailed(failure);
        }
    }
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
internal readonly record struct Expiration(long AbsoluteTicks, EntryToken[]? Tokens);
