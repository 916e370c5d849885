using System.Diagnostics;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// New charges for entries that stay, with their details, expiration, priority and position in the order.
/// </summary>
internal sealed partial class CacheEngine
{
    /// <summary>
    /// Finds an entry without noting a use. An expired entry is removed instead. Tokens are asked, and their exceptions
    /// reach the caller.
    /// </summary>
    public bool TryPeek<TLookup>(scoped in TLookup lookup, out StoredEntry entry)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        entry = default;
        while (Find(in lookup, out object? content, out SlotRef slotRef))
        {
            object? key;
            long charge;
            using (_lock.Enter())
            {
                // The stored key is charged. It may have another size than the equal key of the lookup.
                key = IsCurrent_NeedsLock(in slotRef) ? _store.Slot(slotRef.Index).Key : null;
                charge = key is null ? 0 : _store.Node(slotRef.Index).Charge;
            }

            if (key is null)
            {
                continue;
            }

            EntryDetails? details = (slotRef.Flags & SlotFlags.HasDetails) != 0 ? (EntryDetails)content! : null;
            EvictionReason reason = ExpiredBy(in slotRef, details);
            if (reason == EvictionReason.None)
            {
                entry = new StoredEntry(key, details is null ? content : details.Value, details, slotRef, charge);
                return true;
            }

            RemoveIfCurrent(in slotRef, reason);
        }

        return false;
    }

    /// <summary>
    /// Charges an entry anew and evicts others until the difference fits. If the charge is above the limit, the entry
    /// is removed with the reason Capacity.
    /// </summary>
    /// <param name="slotRef">Where <see cref="TryPeek"/> found the entry.</param>
    /// <param name="charge">Bytes, as they were measured after that.</param>
    /// <param name="isUnfinished">Whether the value is not finished, so that its bytes are not known.</param>
    /// <param name="marks">What background measurements must know; null for what is known already.</param>
    public ChargeUpdate UpdateCharge(
        in SlotRef slotRef, long charge, bool isUnfinished = false, EntryMarks? marks = null)
    {
        List<RemovedEntry>? removed = null;
        try
        {
            while (true)
            {
                using (_lock.Enter())
                {
                    if (!IsCurrent_NeedsLock(in slotRef))
                    {
                        return ChargeUpdate.Outdated;
                    }

                    ApplyTouches_NeedsLock();
                    int countBefore = _account.Count;
                    try
                    {
                        ChargeUpdate result = TryUpdateCharge_NeedsLock(
                            slotRef.Index, charge, isUnfinished, marks, ref removed);
                        if (result != ChargeUpdate.Unfinished)
                        {
                            return result;
                        }
                    }
                    finally
                    {
                        EndHold_NeedsLock(countBefore - _account.Count);
                    }
                }
            }
        }
        finally
        {
            Notify(removed);
        }
    }

    /// <summary>What one hold of the lock can do.</summary>
    private ChargeUpdate TryUpdateCharge_NeedsLock(
        int index, long charge, bool isUnfinished, EntryMarks? marks, ref List<RemovedEntry>? removed)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (charge > _account.Max)
        {
            RemoveEntry_NeedsLock(index, EvictionReason.Capacity, ref removed);
            return ChargeUpdate.Removed;
        }

        ref OrderNode node = ref _store.Node(index);
        if (!TryMakeRoom_NeedsLock(charge - node.Charge, spared: index, ref removed))
        {
            return ChargeUpdate.Unfinished;
        }

        // The version changes although the content does not: of two callers that measured at the same time, the second
        // must see that the first was here, and measure again.
        ref Slot slot = ref _store.Slot(index);
        slot.BeginWrite();
        _account.UpdateCharge(node.Charge, charge);
        _order.UpdateCharge(index, charge, node.Priority);
        SlotFlags flags = slot.Flags & ~SlotFlags.Unfinished;
        SetMarks_NeedsLock(
            index, isUnfinished ? flags | SlotFlags.Unfinished : flags, marks ?? Marks_NeedsLock(index));
        slot.EndWrite();
        return ChargeUpdate.Updated;
    }

    private EvictionReason ExpiredBy(in SlotRef slotRef, EntryDetails? details)
    {
        if ((slotRef.Flags & SlotFlags.HasDeadline) == 0)
        {
            return EvictionReason.None;
        }

        long now = _time.GetUtcNow().UtcTicks;
        return details is not null ? details.ExpiredByTokensToo(now)
            : now >= slotRef.Deadline ? EvictionReason.Expired
            : EvictionReason.None;
    }
}

/// <summary>An entry in the table, as it was found: its charge and the parts of that, and where it was.</summary>
internal readonly record struct StoredEntry(
    object Key, object? Value, EntryDetails? Details, SlotRef SlotRef, long Charge)
{
    public bool HasDeadline => (SlotRef.Flags & SlotFlags.HasDeadline) != 0;
}

/// <summary>What became of an entry that was charged anew.</summary>
internal enum ChargeUpdate
{
    /// <summary>The entry has the new charge.</summary>
    Updated,

    /// <summary>The new charge is above the limit, so the entry was removed.</summary>
    Removed,

    /// <summary>The entry was written, moved or removed since it was found: find it and measure it again.</summary>
    Outdated,

    /// <summary>
    /// One hold of the lock was not enough to evict others, and nothing is charged yet. Callers outside never see this.
    /// </summary>
    Unfinished,
}
