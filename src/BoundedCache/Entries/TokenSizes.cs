using System.Runtime.CompilerServices;
using BoundedCache.Engine;
using BoundedCache.Sizing;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Entries;

/// <summary>
/// What change tokens are charged: the subscription, which the runtime makes for each entry, and the token itself where
/// it seems to be made for the entry. Thread-safe.
/// </summary>
/// <remarks>
/// What a token leads to is not counted: not its source, and not its owner, which are rarely the entry's own. A token
/// that several entries share is counted once: tokens that were counted lately are recognized by their identity hash.
/// The constants are what the runtime allocates; tests compare them with the heap.
/// </remarks>
internal sealed class TokenSizes
{
    /// <summary>The registration of a cancellation token, boxed.</summary>
    private const int BoxedRegistration = 32;

    /// <summary>The node of a callback in a cancellation source.</summary>
    private const int CallbackNode = 80;

    /// <summary>A composite token with its lock and its array of tokens.</summary>
    private const int Composite = 104;

    /// <summary>What a composite token makes when it is subscribed to: a source, and a list of registrations.</summary>
    private const int CompositeSource = 200;

    /// <summary>Composites within composites that are counted, so that a circle ends.</summary>
    private const int Depth = 4;

    /// <summary>Tokens of a composite that are counted.</summary>
    private const int InnerTokens = 64;

    private const int RecentTokens = 256;

    /// <summary>Hashes, each at its own place. Written without a lock: a lost one counts a token twice.</summary>
    private readonly int[] _recent = new int[RecentTokens];

    /// <summary>Bytes of a token of an entry, and of the entry's subscription.</summary>
    public long Measure(in EntryToken token) =>
        SubscriptionBytes(token.Registration) + TokenBytes(token.Token, token.Registration is not null, Depth);

    private static long SubscriptionBytes(IDisposable? registration) => registration switch
    {
        null => 0,
        CancellationTokenRegistration cancellation =>
            BoxedRegistration + (cancellation == default ? 0 : CallbackNode),

        // And its place in whatever list the token keeps.
        _ => InstanceBytes(registration) + IntPtr.Size,
    };

    private long TokenBytes(IChangeToken token, bool isSubscribed, int depth)
    {
        if (token is null || IsRecent(token))
        {
            return 0;
        }

        if (token.GetType() != typeof(CompositeChangeToken))
        {
            return InstanceBytes(token);
        }

        // The list is whatever the composite was made of.
        IReadOnlyList<IChangeToken> tokens = ((CompositeChangeToken)token).ChangeTokens;
        long bytes = Composite + (isSubscribed ? CompositeSource : 0);
        for (int i = 0; i < Math.Min(tokens.Count, InnerTokens); i++)
        {
            bytes += IntPtr.Size
                + (isSubscribed ? BoxedRegistration + CallbackNode : 0)
                + (depth > 0 ? TokenBytes(tokens[i], isSubscribed, depth - 1) : 0);
        }

        return bytes;
    }

    private static long InstanceBytes(object instance) =>
        TypeLayouts.Get(instance) is { IsNotFollowed: false } layout ? layout.SizeOf(instance) : 0;

    private bool IsRecent(IChangeToken token)
    {
        int hash = RuntimeHelpers.GetHashCode(token);
        ref int place = ref _recent[hash & (RecentTokens - 1)];
        if (Volatile.Read(ref place) == hash)
        {
            return true;
        }

        Volatile.Write(ref place, hash);
        return false;
    }
}
