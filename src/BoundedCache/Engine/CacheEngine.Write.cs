using System.Diagnostics;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Writes: store and replace.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>
    /// Counters of insertions, by hash. A writer whose keys' Equals is user code compares before it takes the lock.
    /// Under the lock it only checks that no entry was inserted since then.
    /// </summary>
    private const int InsertionCounters = 64;

    /// <summary>
    /// Stores an entry at the head of the order, instead of the one with the same key if there is one. Evicts others
    /// until it fits.
    /// </summary>
    /// <param name="lookup">The key.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="mustWatch">
    /// Whether it was not stored because the value is one that <see cref="VisitDetails"/> wants, and the entry is not
    /// <see cref="NewEntry.IsWatched"/>.
    /// </param>
    /// <returns>
    /// False if its charge alone is above the limit (then an entry with the same key is removed), if it is a pending
    /// store that was overtaken, or if it must be watched (then none is removed).
    /// </returns>
    public bool Set<TLookup>(scoped in TLookup lookup, scoped in NewEntry entry, out bool mustWatch)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        mustWatch = false;
        List<RemovedEntry>? removed = null;
        bool returned = false;
        try
        {
            while (true)
            {
                SetResult result = TrySet(in lookup, in entry, ref returned, ref removed);
                if (result != SetResult.Unfinished)
                {
                    mustWatch = result == SetResult.Unwatched;
                    return result == SetResult.Stored;
                }
            }
        }
        finally
        {
            Notify(removed);
        }
    }

    private bool Find<TLookup>(scoped in TLookup lookup, out object? content, out SlotRef slotRef)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        content = _index.Find(in lookup, out slotRef);
        return slotRef.IsUnsure ? FindUnderLock(in lookup, out content, out slotRef) : slotRef.IsHit;
    }

    /// <summary>What one hold of the lock can do to store an entry.</summary>
    private SetResult TrySet<TLookup>(
        scoped in TLookup lookup, scoped in NewEntry entry, ref bool returned, ref List<RemovedEntry>? removed)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        int begun = entry.Pending is null ? OvertakePending(in lookup, EvictionReason.Replaced) : 0;
        ref int insertions = ref _insertions[lookup.Hash & (InsertionCounters - 1)];
        int insertionsBefore = Volatile.Read(ref insertions);
        SlotRef slotRef = SlotRef.Nowhere;
        bool found = TLookup.RunsUserCode && Find(in lookup, out _, out slotRef);
        using (_lock.Enter())
        {
            if (entry.Pending is { IsOvertaken: true })
            {
                return SetResult.Overtaken;
            }

            if (_watches is not null && !entry.IsWatched && _watches(entry.Value))
            {
                return SetResult.Unwatched;
            }

            if (entry.Pending is null && begun != Pending.Begun(lookup.Hash))
            {
                // One began since, perhaps with this key: it would not see this entry, and replace it.
                return SetResult.Unfinished;
            }

            int index;
            if (!TLookup.RunsUserCode)
            {
                index = _index.FindLocked(in lookup);
            }
            else if (found ? IsCurrent_NeedsLock(in slotRef) : insertions == insertionsBefore)
            {
                index = found ? slotRef.Index : AccessOrder.None;
            }
            else
            {
                return SetResult.Unfinished;
            }

            ApplyTouchesForWrite_NeedsLock();
            int countBefore = _account.Count;
            try
            {
                if (entry.Charge > _account.Max)
                {
                    if (index != AccessOrder.None)
                    {
                        RemoveEntry_NeedsLock(index, EvictionReason.Replaced, ref removed);
                    }

                    return SetResult.TooLarge;
                }

                if (index == AccessOrder.None)
                {
                    returned |= _order.TakeReturned(lookup.Hash, entry.Charge, _account.Max);
                    if (!TryMakeRoom_NeedsLock(entry.Charge, AccessOrder.None, ref removed))
                    {
                        return SetResult.Unfinished;
                    }

                    Insert_NeedsLock(in entry, lookup.Hash, returned);

                    // Only now that the entry can be found: a writer that reads the new count and does not find the
                    // entry takes it for absent.
                    Volatile.Write(ref insertions, insertions + 1);
                    return SetResult.Stored;
                }

                return TryReplace_NeedsLock(index, in entry, lookup.Hash, ref removed)
                    ? SetResult.Stored
                    : SetResult.Unfinished;
            }
            finally
            {
                EndHold_NeedsLock(Math.Max(0, countBefore - _account.Count + 1));
            }
        }
    }

    /// <remarks>What may throw (only OutOfMemoryException) comes before the first change.</remarks>
    private void Insert_NeedsLock(scoped in NewEntry entry, int hash, bool returned)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        _index.GrowFor(_account.Count + 1);
        _order.GrowFor(_account.Count + 1);
        int index = Allocate_NeedsLock(entry.Deadline != long.MaxValue);
        Write_NeedsLock(index, in entry, hash);
        _account.Charge(entry.Charge);
        _order.Add(index, returned);
        _index.Insert(index);
    }

    private bool TryReplace_NeedsLock(int index, scoped in NewEntry entry, int hash, ref List<RemovedEntry>? removed)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (entry.Deadline != long.MaxValue)
        {
            _store.EnsureDeadlines(index);
        }

        long oldCharge = _store.Node(index).Charge;
        if (!TryMakeRoom_NeedsLock(entry.Charge - oldCharge, spared: index, ref removed))
        {
            return false;
        }

        NoteRemoval(in _store.Slot(index), oldCharge, EvictionReason.Replaced, ref removed);
        _account.Credit(oldCharge, EvictionReason.Replaced);
        _order.UpdateCharge(index, entry.Charge, entry.Priority);
        Write_NeedsLock(index, in entry, hash);
        _account.Charge(entry.Charge);
        _order.Use(index);
        return true;
    }

    private enum SetResult
    {
        Stored,

        /// <summary>The charge alone is above the limit: not stored, and an entry with the key was removed.</summary>
        TooLarge,

        /// <summary>A write or a removal of the key came first: nothing changed.</summary>
        Overtaken,

        /// <summary>The entry must be watched, and is not: no entry changed.</summary>
        Unwatched,

        /// <summary>
        /// More has to be evicted than one hold of the lock may, or the key has to be looked up again.
        /// </summary>
        Unfinished,
    }
}
