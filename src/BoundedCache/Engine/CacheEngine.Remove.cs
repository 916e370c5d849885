using System.Diagnostics;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Removing one entry.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>Removes the entry with a key, and overtakes a pending store of that key.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove<TLookup>(scoped in TLookup lookup, EvictionReason reason = EvictionReason.Removed)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        OvertakePending(in lookup, reason);
        if (TLookup.RunsUserCode)
        {
            while (Find(in lookup, out _, out SlotRef slotRef))
            {
                if (RemoveIfCurrent(in slotRef, reason))
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

            RemoveEntry_NeedsLock(index, reason, ref removed);
            EndHold_NeedsLock(1);
        }

        Notify(removed);
        return true;
    }

    /// <summary>
    /// Removes the entry that holds <paramref name="details"/>, if it is still in the table. An interrupted thread goes
    /// on: its write may be done already.
    /// </summary>
    public void Remove(EntryDetails details, EvictionReason reason)
    {
        List<RemovedEntry>? removed = null;
        using (_lock.EnterAlways())
        {
            if (details.Index > 0)
            {
                RemoveEntry_NeedsLock(details.Index, reason, ref removed);
                EndHold_NeedsLock(1);
            }
        }

        Notify(removed);
    }

    /// <summary>Removes the entry that was found, unless it changed since.</summary>
    private bool RemoveIfCurrent(in SlotRef slotRef, EvictionReason reason)
    {
        List<RemovedEntry>? removed = null;
        bool isCurrent;
        using (_lock.Enter())
        {
            isCurrent = RemoveIfCurrent_NeedsLock(in slotRef, reason, ref removed);
        }

        Notify(removed);
        return isCurrent;
    }

    /// <summary>
    /// Removes an expired entry that a reader found. Readers do not wait: if the lock is not free, the next reader or
    /// the scan removes the entry.
    /// </summary>
    private void RemoveIfFree(in SlotRef slotRef, EvictionReason reason)
    {
        if (!_lock.TryEnter())
        {
            return;
        }

        List<RemovedEntry>? removed = null;
        try
        {
            RemoveIfCurrent_NeedsLock(in slotRef, reason, ref removed);
        }
        finally
        {
            _lock.Exit();
        }

        Notify(removed);
    }

    private bool RemoveIfCurrent_NeedsLock(in SlotRef slotRef, EvictionReason reason, ref List<RemovedEntry>? removed)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (!IsCurrent_NeedsLock(in slotRef))
        {
            return false;
        }

        RemoveEntry_NeedsLock(slotRef.Index, reason, ref removed);
        EndHold_NeedsLock(1);
        return true;
    }
}
