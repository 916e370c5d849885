using BoundedCache.Engine;
using BoundedCache.Entries;

namespace BoundedCache;

/// <summary>Entries whose size changed since they were stored.</summary>
public sealed partial class BoundedMemoryCache
{
    /// <summary>
    /// Measures an entry again and charges it accordingly, for a value that has grown or shrunk since it was stored,
    /// such as one that is filled lazily. Nothing else of the entry changes: not its expiration, its callbacks or its
    /// place in the order of use.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="size">
    /// Like <c>ICacheEntry.Size</c> when an entry is stored: the minimum of the new size in
    /// <see cref="EntrySizing.Measured"/>, the new size itself in <see cref="EntrySizing.Declared"/>, where it is
    /// required. The size declared before no longer counts.
    /// </param>
    /// <returns>
    /// True if the entry is charged its new size; others were evicted if it needed their room. False if there is no
    /// such entry, or if it is now larger than <see cref="EffectiveMaxMemory"/>: then it is removed, and its eviction
    /// callbacks get the reason <see cref="Microsoft.Extensions.Caching.Memory.EvictionReason.Capacity"/>. A chain that
    /// is too long to be counted at once is charged no less than before until a background thread has counted it.
    /// </returns>
    /// <remarks>
    /// Thread-safe. Readers of <see cref="UsedMemory"/> see the old sum or the new one. If another thread replaces or
    /// measures the entry meanwhile, it is measured again. It costs as much as measuring a value at a store, and does
    /// not count as a use.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is negative; nothing changes.</exception>
    /// <exception cref="InvalidOperationException">
    /// The cache counts declared sizes, and <paramref name="size"/> is null; nothing changes.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public bool Remeasure(object key, long? size = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        ThrowIfDisposed();
        if (size < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, "The size of an entry must not be negative.");
        }

        if (_sizing == EntrySizing.Declared && size is null)
        {
            throw new InvalidOperationException(
                $"The cache '{Name}' counts declared sizes (EntrySizing.Declared), so the new size of the entry must "
                    + $"be given; for the key {key} it is not.");
        }

        try
        {
            return key is string text
                ? Remeasure(new StringLookup(text), size)
                : Remeasure(new ObjectLookup(key), size);
        }
        finally
        {
            PaceWriter();
        }
    }

    private bool Remeasure<TLookup>(scoped in TLookup lookup, long? size)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        while (_engine.TryPeek(in lookup, out StoredEntry entry))
        {
            long measured = Measure(entry.Key, entry.Value, size, out StoredKind kind);
            long charge = ChargeOf(measured, entry.Details, entry.HasDeadline);
            if (kind.IsLowerBound)
            {
                // What was seen of it within bounds. It may have been counted to its end before.
                charge = Math.Max(charge, entry.Charge);
            }

            ChargeUpdate update = _engine.UpdateCharge(entry.SlotRef, charge, kind.IsUnfinished, kind.Marks);
            if (update != ChargeUpdate.Outdated)
            {
                if (kind != default)
                {
                    _audit!.OnStored(in kind, entry.Value, lookup.Hash);
                }

                return update == ChargeUpdate.Updated;
            }
        }

        return false;
    }
}
