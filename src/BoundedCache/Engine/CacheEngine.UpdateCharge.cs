using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// New charges for entries that stay: the same entry stored anew, with its details, expiration,
/// priority and place in the order.
/// </summary>
internal sealed partial class CacheEngine
{
    /// <summary>
    /// Finds an entry without noting a use. One that is expired is removed instead; its tokens are asked, and what they
    /// throw reaches the caller.
    /// </summary>
    public bool TryPeek<TLookup>(scoped in TLookup lookup, out StoredEntry entry)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        entry = default;
        while (Find(in lookup, out object? content, out SlotRef place))
        {
            object? key;
            using (_lock.Enter())
            {
                // The stored key is charged, which need not be as large as the equal one that it was looked up by.
                key = IsCurrent(in place) ? _store.Slot(place.Index).Key : null;
            }

            if (key is null)
            {
                continue;
            }

            EntryDetails? details = (place.Flags & SlotFlags.HasDetails) != 0 ? (EntryDetails)content! : null;
            EvictionReason reason = ExpiredBy(in place, details);
            if (reason == EvictionReason.None)
            {
                entry = new StoredEntry(key, details is null ? content : details.Value, details, place);
                return true;
            }

            RemoveIfCurrent(in place, reason);
        }

        return false;
    }

    /// <summary>
    /// Charges an entry anew, evicting others until the difference fits; or removes it, for lack of capacity, where
    /// it no longer fits at all.
    /// </summary>
    /// <param name="place">Where <see cref="TryPeek"/> found the entry.</param>
    /// <param name="charge">Bytes, as they were measured after that.</param>
    /// <returns>
    /// Whether the entry stays. Null where it was written or moved since it was found: look again, and measure again.
    /// </returns>
    public bool? UpdateCharge(in SlotRef place, long charge)
    {
        List<RemovedEntry>? removed = null;
        try
        {
            while (true)
            {
                using (_lock.Enter())
                {
                    if (!IsCurrent(in place))
                    {
                        return null;
                    }

                    ApplyTouches();
                    int countBefore = _account.Count;
                    try
                    {
                        if (TryUpdateCharge(place.Index, charge, ref removed) is { } stays)
                        {
                            return stays;
                        }
                    }
                    finally
                    {
                        EndHold(countBefore - _account.Count);
                    }
                }
            }
        }
        finally
        {
            Notify(removed);
        }
    }

    /// <summary>
    /// One hold of the lock. Null where more has to be evicted than that; nothing is charged yet then.
    /// </summary>
    private bool? TryUpdateCharge(int index, long charge, ref List<RemovedEntry>? removed)
    {
        if (charge > _account.Max)
        {
            RemoveLocked(index, EvictionReason.Capacity, ref removed);
            return false;
        }

        ref OrderNode link = ref _store.Link(index);
        if (!TryMakeRoomBeside(index, charge - link.Charge, ref removed))
        {
            return null;
        }

        // EntryDraft, as far as others can tell: of two that measured at the same time, the second must not put back
        // what it saw before the first.
        ref Slot slot = ref _store.Slot(index);
        BeginWrite(ref slot);
        _account.UpdateCharge(link.Charge, charge);
        link.Occupy(charge, link.Priority);
        EndWrite(ref slot);
        return true;
    }

    /// <summary>As <see cref="TryMakeRoom"/>, but leaves one entry alone, wherever it stands in the order.</summary>
    private bool TryMakeRoomBeside(int index, long bytes, ref List<RemovedEntry>? removed)
    {
        long target = Math.Max(_account.Max, _account.PublishedUsed) - bytes;
        for (int i = 0; _account.Used > target; i++)
        {
            int victim = NextVictimBut(index);
            if (victim == AccessOrder.None)
            {
                return true;
            }

            if (i == BatchEntries)
            {
                return false;
            }

            RemoveLocked(victim, EvictionReason.Capacity, ref removed);
        }

        return true;
    }

    private int NextVictimBut(int spared)
    {
        for (int priority = 0; priority < AccessOrder.Priorities; priority++)
        {
            int victim = _order.Tail((CacheItemPriority)priority);
            victim = victim == spared ? _store.Link(victim).Newer : victim;
            if (victim != AccessOrder.None)
            {
                return victim;
            }
        }

        return AccessOrder.None;
    }

    private EvictionReason ExpiredBy(in SlotRef place, EntryDetails? details)
    {
        if ((place.Flags & SlotFlags.HasDeadline) == 0)
        {
            return EvictionReason.None;
        }

        long now = _time.GetUtcNow().UtcTicks;
        return details is not null ? details.ExpiredByTokensToo(now)
            : now >= place.Deadline ? EvictionReason.Expired
            : EvictionReason.None;
    }
}
