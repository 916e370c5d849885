using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Writes: store, replace, remove.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>
    /// Counters of insertions, by hash: a writer whose keys' Equals is user code compares before it takes the lock, and
    /// under it only needs to know that nothing was inserted since that it has not compared with.
    /// </summary>
    private const int InsertionCounters = 64;

    /// <summary>
    /// Stores an entry at the head of the order, in the place of the one with the same key if there is one,
    /// evicting others until it fits.
    /// </summary>
    /// <returns>
    /// False where its charge alone is above the limit: it is not stored, and what it would have replaced is removed.
    /// </returns>
    public bool Set<TLookup>(scoped in TLookup lookup, scoped in NewEntry entry)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        List<RemovedEntry>? removed = null;
        try
        {
            while (true)
            {
                if (TrySet(in lookup, in entry, ref removed) is { } stored)
                {
                    return stored;
                }
            }
        }
        finally
        {
            Notify(removed);
        }
    }

    /// <summary>Removes the entry with a key, for <paramref name="reason"/>.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove<TLookup>(scoped in TLookup lookup, EvictionReason reason = EvictionReason.Removed)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        if (TLookup.RunsUserCode)
        {
            while (Find(in lookup, out _, out SlotRef place))
            {
                if (RemoveIfCurrent(in place, reason))
                {
                    return true;
                }
            }

            return false;
        }

        List<RemovedEntry>? removed = null;
        using (_lock.Enter())
        {
            int index = _index.FindLocked(in lookup);
            if (index == AccessOrder.None)
            {
                return false;
            }

            RemoveLocked(index, reason, ref removed);
            EndHold(1);
        }

        Notify(removed);
        return true;
    }

    /// <summary>Removes the entry that holds <paramref name="details"/>, if it is still in the table.</summary>
    public void Remove(EntryDetails details, EvictionReason reason)
    {
        List<RemovedEntry>? removed = null;
        using (_lock.Enter())
        {
            if (details.Index > 0)
            {
                RemoveLocked(details.Index, reason, ref removed);
                EndHold(1);
            }
        }

        Notify(removed);
    }

    /// <summary>Removes the entry that was found, unless another took its place since.</summary>
    private bool RemoveIfCurrent(in SlotRef place, EvictionReason reason)
    {
        List<RemovedEntry>? removed = null;
        bool isCurrent;
        using (_lock.Enter())
        {
            isCurrent = RemoveIfCurrentLocked(in place, reason, ref removed);
        }

        Notify(removed);
        return isCurrent;
    }

    /// <summary>
    /// Removes an expired entry that a reader found. Readers wait for nobody: where the lock is not free, the next to
    /// look or the scan removes it.
    /// </summary>
    private void RemoveIfFree(in SlotRef place, EvictionReason reason)
    {
        if (!_lock.TryEnter())
        {
            return;
        }

        List<RemovedEntry>? removed = null;
        try
        {
            RemoveIfCurrentLocked(in place, reason, ref removed);
        }
        finally
        {
            _lock.Exit();
        }

        Notify(removed);
    }

    private bool RemoveIfCurrentLocked(in SlotRef place, EvictionReason reason, ref List<RemovedEntry>? removed)
    {
        if (!IsCurrent(in place))
        {
            return false;
        }

        RemoveLocked(place.Index, reason, ref removed);
        EndHold(1);
        return true;
    }

    private bool Find<TLookup>(scoped in TLookup lookup, out object? content, out SlotRef place)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        content = _index.Find(in lookup, out place);
        return place.IsUnsure ? FindUnderLock(in lookup, out content, out place) : place.IsHit;
    }

    /// <summary>
    /// One hold of the lock. Null where it was not enough: more has to be evicted than one hold may, or the key
    /// has to be looked up again.
    /// </summary>
    private bool? TrySet<TLookup>(scoped in TLookup lookup, scoped in NewEntry entry, ref List<RemovedEntry>? removed)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        ref int insertions = ref _insertions[lookup.Hash & (InsertionCounters - 1)];
        int insertionsBefore = Volatile.Read(ref insertions);
        SlotRef place = SlotRef.Nowhere;
        bool found = TLookup.RunsUserCode && Find(in lookup, out _, out place);
        using (_lock.Enter())
        {
            int index;
            if (!TLookup.RunsUserCode)
            {
                index = _index.FindLocked(in lookup);
            }
            else if (found ? IsCurrent(in place) : insertions == insertionsBefore)
            {
                index = found ? place.Index : AccessOrder.None;
            }
            else
            {
                return null;
            }

            ApplyTouchesForWrite();
            int countBefore = _account.Count;
            try
            {
                if (entry.Charge > _account.Max)
                {
                    if (index != AccessOrder.None)
                    {
                        RemoveLocked(index, EvictionReason.Replaced, ref removed);
                    }

                    return false;
                }

                if (index == AccessOrder.None)
                {
                    if (!TryMakeRoom(entry.Charge, ref removed))
                    {
                        return null;
                    }

                    Insert(in entry, lookup.Hash);

                    // No sooner than the entry can be found: who reads the new count and does not find the
                    // entry takes it for absent.
                    Volatile.Write(ref insertions, insertions + 1);
                    return true;
                }

                return TryReplace(index, in entry, lookup.Hash, ref removed) ? true : null;
            }
            finally
            {
                EndHold(Math.Max(0, countBefore - _account.Count + 1));
            }
        }
    }

    /// <remarks>What may throw (only for lack of memory) comes before the first change.</remarks>
    private void Insert(scoped in NewEntry entry, int hash)
    {
        _index.GrowFor(_account.Count + 1);
        int index = Allocate(entry.Deadline != long.MaxValue);
        if (!MayMove)
        {
            NoteNewcomer(index);
        }

        Write(index, in entry, hash);
        _account.Charge(entry.Charge);
        _order.AddToHead(index);
        _index.Insert(index);
    }

    private bool TryReplace(int index, scoped in NewEntry entry, int hash, ref List<RemovedEntry>? removed)
    {
        if (entry.Deadline != long.MaxValue)
        {
            _store.EnsureDeadlines(index);
        }

        // Out of the list, so that making room does not evict what is about to be replaced.
        _order.Remove(index);
        long oldCharge = _store.Link(index).Charge;
        bool fits = false;
        try
        {
            fits = TryMakeRoom(entry.Charge - oldCharge, ref removed);
        }
        finally
        {
            if (!fits)
            {
                _order.AddToHead(index);
            }
        }

        if (!fits)
        {
            return false;
        }

        NoteRemoval(in _store.Slot(index), EvictionReason.Replaced, ref removed);
        _account.Credit(oldCharge, EvictionReason.Replaced);
        Write(index, in entry, hash);
        _account.Charge(entry.Charge);
        _order.AddToHead(index);
        return true;
    }
}
