using BoundedCache.Engine;
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
