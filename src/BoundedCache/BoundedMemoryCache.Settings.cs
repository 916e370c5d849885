using BoundedCache.Engine;
using BoundedCache.Entries;
using Microsoft.Extensions.Primitives;

namespace BoundedCache;

/// <summary>Settings of stored entries.</summary>
public sealed partial class BoundedMemoryCache
{
    /// <inheritdoc/>
    long IEntryStore.NowTicks => _time.GetUtcNow().UtcTicks;

    /// <inheritdoc/>
    bool IEntryStore.Holds(CacheEntry entry) => !_disposed && (entry.Key is string text
        ? _engine.Holds(new StringLookup(text), entry)
        : _engine.Holds(new ObjectLookup(entry.Key), entry));

    /// <inheritdoc/>
    SettingsUpdate IEntryStore.Update(CacheEntry entry, in ListChange change)
    {
        // Before the entry can leave with it.
        _values.OnAdding(change.NewCallbacks);
        long now = _time.GetUtcNow().UtcTicks;
        if (entry.Expires)
        {
            _scan.Prepare();
        }

        SettingsUpdate update = entry.Key is string text
            ? Update(new StringLookup(text), entry, in change, now)
            : Update(new ObjectLookup(entry.Key), entry, in change, now);
        if (update == SettingsUpdate.Stored)
        {
            Pace();
            if (entry.Expires)
            {
                _scan.OnStored(now);
            }
        }

        return update;
    }

    /// <inheritdoc/>
    TokenSubscription IEntryStore.Subscribe(IChangeToken token, EntryDetails details)
    {
        if (token.HasChanged)
        {
            return new TokenSubscription(new EntryToken(token), HasChanged: true, Bytes: 0);
        }

        var added = new EntryToken(
            token, token.ActiveChangeCallbacks ? token.RegisterChangeCallback(_onTokenChanged, details) : null);
        try
        {
            return new TokenSubscription(added, HasChanged: false, TokenBytes([added]));
        }
        catch
        {
            // Measuring the token failed: the caller gets that, and nobody else would unsubscribe.
            _callbacks.Unsubscribe([added]);
            throw;
        }
    }

    /// <inheritdoc/>
    void IEntryStore.Expire(EntryDetails details) => _engine.Expire(details);

    /// <inheritdoc/>
    void IEntryStore.Unsubscribe(Span<EntryToken> tokens) => _callbacks.Unsubscribe(tokens);

    private SettingsUpdate Update<TLookup>(
        scoped in TLookup lookup, CacheEntry entry, in ListChange change, long now)
        where TLookup : struct, IKeyLookup, allows ref struct =>
        _engine.UpdateSettings(in lookup, entry, in change, now, chargesBytes: IsMeasured);

    /// <summary>What the tokens of an entry, and its registrations with them, are charged.</summary>
    private long TokenBytes(ReadOnlySpan<EntryToken> tokens)
    {
        long bytes = 0;
        if (IsMeasured)
        {
            foreach (ref readonly EntryToken token in tokens)
            {
                bytes += _tokenSizes.Measure(in token);
            }
        }

        return bytes;
    }
}
