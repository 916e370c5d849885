using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// What a builder says of its entry. The engine reads it under its lock, so it must run no user code and wait for
/// nothing.
/// </summary>
internal interface IEntrySettings
{
    object Key { get; }

    object? Value { get; }

    /// <summary>
    /// The details that the entry has, or gets if it needs any; the same ones ever after. Null where no setting needs
    /// any.
    /// </summary>
    EntryDetails? Details { get; }

    /// <summary>UTC ticks; <see cref="long.MaxValue"/> for never.</summary>
    long AbsoluteTicks { get; }

    /// <summary>0 for never.</summary>
    long SlidingTicks { get; }

    /// <summary>One of the four priorities.</summary>
    CacheItemPriority Priority { get; }

    /// <summary>
    /// Whether this is what the builder gave its entry last. An entry without details that has something else is not
    /// the builder's, even if key and value are the same objects.
    /// </summary>
    bool HasApplied(long absoluteTicks, CacheItemPriority priority);

    /// <summary>Notes what the entry was given. Under the lock.</summary>
    void OnApplied(long absoluteTicks, CacheItemPriority priority);

    /// <summary>
    /// Makes details that the engine gave to the entry those of the builder. Under the lock.
    /// </summary>
    /// <returns>False if the builder has details of its own that are in use.</returns>
    bool TryTakeOver(EntryDetails details);
}

/// <summary>New lists instead of those that details had when the new ones were made; null for no change.</summary>
/// <remarks>No two changes are lost: of two that were made of the same list, the second is outdated.</remarks>
internal readonly struct ListChange
{
    public PostEvictionCallbackRegistration[]? OldCallbacks { get; init; }

    public PostEvictionCallbackRegistration[]? NewCallbacks { get; init; }

    public EntryToken[]? OldTokens { get; init; }

    public EntryToken[]? NewTokens { get; init; }

    /// <summary>How many of the old tokens are gone.</summary>
    public int RemovedTokens { get; init; }

    /// <summary>What tokens that are new, and their registrations, are charged.</summary>
    public long AddedTokenBytes { get; init; }

    /// <summary>Whether details have to hold something because of the change.</summary>
    public bool AddsItems => NewCallbacks is { Length: > 0 } || NewTokens is { Length: > 0 };

    public bool IsOutdated(EntryDetails? details) =>
        (OldCallbacks is not null && !ReferenceEquals(details!.Callbacks, OldCallbacks))
        || (OldTokens is not null && !ReferenceEquals(details!.Tokens, OldTokens));

    public long BytesAfter(EntryDetails details) => details.BytesWith(
        NewCallbacks ?? details.Callbacks, NewTokens ?? details.Tokens, TokenBytesAfter(details));

    public void ApplyTo(EntryDetails? details)
    {
        if (NewCallbacks is not null)
        {
            details!.Callbacks = NewCallbacks;
        }

        if (NewTokens is not null)
        {
            details!.TokenBytes = TokenBytesAfter(details);
            details.Tokens = NewTokens;
        }
    }

    /// <summary>What each token is charged is not kept: those that go take an equal share with them.</summary>
    private long TokenBytesAfter(EntryDetails details) => AddedTokenBytes + details.TokenBytes
        - (RemovedTokens == 0 ? 0 : details.TokenBytes * RemovedTokens / OldTokens!.Length);
}

/// <summary>What became of new settings.</summary>
internal enum SettingsUpdate
{
    /// <summary>The entry was in the table and has them. It may have been removed at once because of them.</summary>
    Stored,

    /// <summary>The entry is not in the table: only the lists of its builder were changed.</summary>
    NotStored,

    /// <summary>Somebody else changed the list first: make the change anew.</summary>
    ListChanged,
}
