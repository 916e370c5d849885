using System.Diagnostics;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Settings of an entry that change while it is in the table.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>Whether an entry is in the table: the same details, or the same key and value.</summary>
    public bool Holds<TLookup>(scoped in TLookup lookup, IEntrySettings settings)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        while (true)
        {
            Whereabouts seen = Look(in lookup, settings);
            using (_lock.Enter())
            {
                if (TryLocate_NeedsLock(in lookup, settings, in seen, out int index))
                {
                    return index != AccessOrder.None;
                }
            }
        }
    }

    /// <summary>
    /// Gives an entry that is in the table the settings of its builder, charges it accordingly, and evicts others until
    /// the difference fits. Removes it where it is expired now, or where its charge is above the limit.
    /// </summary>
    /// <param name="lookup">The entry's key.</param>
    /// <param name="settings">
    /// Read under the lock, so of several callers at the same time the last one applies what all of them set.
    /// </param>
    /// <param name="change">
    /// New lists of callbacks and tokens. They are replaced even if the entry is elsewhere.
    /// </param>
    /// <param name="now">UTC ticks.</param>
    /// <param name="chargesBytes">Whether details and deadlines are charged.</param>
    public SettingsUpdate UpdateSettings<TLookup>(
        scoped in TLookup lookup, IEntrySettings settings, in ListChange change, long now, bool chargesBytes)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        List<RemovedEntry>? removed = null;
        try
        {
            while (true)
            {
                Whereabouts seen = Look(in lookup, settings);
                using (_lock.Enter())
                {
                    if (!TryLocate_NeedsLock(in lookup, settings, in seen, out int index))
                    {
                        continue;
                    }

                    if (change.IsOutdated(settings.Details))
                    {
                        return SettingsUpdate.ListChanged;
                    }

                    if (index == AccessOrder.None)
                    {
                        change.ApplyTo(settings.Details);
                        return SettingsUpdate.NotStored;
                    }

                    ApplyTouches_NeedsLock();
                    int countBefore = _account.Count;
                    try
                    {
                        if (TryUpdateSettings_NeedsLock(index, settings, in change, now, chargesBytes, ref removed))
                        {
                            return SettingsUpdate.Stored;
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

    /// <summary>
    /// Finds the slot of a key whose comparison is user code, before the lock is taken. Details know their slot.
    /// </summary>
    private Whereabouts Look<TLookup>(scoped in TLookup lookup, IEntrySettings settings)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        if (!TLookup.RunsUserCode || settings.Details is { Index: not 0 })
        {
            return default;
        }

        Find(in lookup, out _, out SlotRef slotRef);
        return new Whereabouts(slotRef, HasLooked: true);
    }

    /// <returns>False if the table changed since the key was looked up: look again.</returns>
    private bool TryLocate_NeedsLock<TLookup>(
        scoped in TLookup lookup, IEntrySettings settings, in Whereabouts seen, out int index)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (settings.Details is { Index: not 0 } details)
        {
            index = ReferenceEquals(details.Value, settings.Value) ? details.Index : AccessOrder.None;
            return true;
        }

        if (!TLookup.RunsUserCode)
        {
            index = _index.FindLocked(in lookup);
        }
        else if (!seen.HasLooked || (seen.SlotRef.IsHit && !IsCurrent_NeedsLock(seen.SlotRef)))
        {
            index = AccessOrder.None;
            return false;
        }
        else
        {
            index = seen.SlotRef.IsHit ? seen.SlotRef.Index : AccessOrder.None;
        }

        if (index != AccessOrder.None && !IsOf_NeedsLock(index, settings))
        {
            index = AccessOrder.None;
        }

        return true;
    }

    /// <summary>
    /// Whether an entry without details of its writer is the one that a builder stored, as far as that can be told: it
    /// has the same key and value, and the settings that the builder gave it last. One that was stored since with the
    /// same objects and settings cannot be told apart, and has no settings of its own to lose.
    /// </summary>
    private bool IsOf_NeedsLock(int index, IEntrySettings settings)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        ref Slot slot = ref _store.Slot(index);
        EntryDetails? details = (slot.Flags & SlotFlags.HasDetails) != 0 ? (EntryDetails)slot.Value! : null;
        long deadline = (slot.Flags & SlotFlags.HasDeadline) != 0 ? _store.Deadline(index) : long.MaxValue;
        return details is not { IsOwnerless: false }
            && ReferenceEquals(slot.Key, settings.Key)
            && ReferenceEquals(ValueOf(in slot), settings.Value)
            && settings.HasApplied(deadline, _store.Node(index).Priority)
            && (details is null || settings.TryTakeOver(details));
    }

    /// <summary>What one hold of the lock can do.</summary>
    /// <returns>False if it was not enough to evict others, and nothing is changed yet.</returns>
    /// <remarks>What may throw (only OutOfMemoryException) comes before the first change.</remarks>
    private bool TryUpdateSettings_NeedsLock(
        int index,
        IEntrySettings settings,
        in ListChange change,
        long now,
        bool chargesBytes,
        ref List<RemovedEntry>? removed)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        ref Slot slot = ref _store.Slot(index);
        ref OrderNode node = ref _store.Node(index);
        bool hasDetails = (slot.Flags & SlotFlags.HasDetails) != 0;
        (long absolute, long sliding) = (settings.AbsoluteTicks, settings.SlidingTicks);
        CacheItemPriority priority = settings.Priority;
        EntryDetails? details = hasDetails || sliding > 0 || change.AddsItems ? settings.Details : null;

        // A window that begins now does not look back: uses before it were not noted.
        long lastAccess = details is { SlidingTicks: > 0 } ? details.LastAccessTicks : now;
        long deadline = (change.NewTokens ?? details?.Tokens) is { Length: > 0 } ? long.MinValue
            : sliding > 0 ? Math.Min(absolute, Ticks.Add(lastAccess, sliding))
            : absolute;
        SlotFlags flags = (slot.Flags & ~(SlotFlags.HasDetails | SlotFlags.HasDeadline))
            | (details is null ? SlotFlags.None : SlotFlags.HasDetails)
            | (deadline == long.MaxValue ? SlotFlags.None : SlotFlags.HasDeadline);
        long more = Overhead(flags, details is null ? 0 : change.BytesAfter(details))
            - Overhead(slot.Flags, hasDetails ? details!.OwnBytes : 0);
        long charge = chargesBytes ? Math.Clamp(node.Charge + more, 0, OrderNode.MaxCharge) : node.Charge;
        if (deadline != long.MaxValue)
        {
            _store.EnsureDeadlines(index);
        }

        if (charge <= _account.Max && !TryMakeRoom_NeedsLock(charge - node.Charge, spared: index, ref removed))
        {
            return false;
        }

        slot.BeginWrite();
        if (details is not null)
        {
            details.Value = hasDetails ? details.Value : slot.Value;
            change.ApplyTo(details);
            details.AbsoluteExpirationTicks = absolute;
            details.Use(lastAccess);
            details.SlidingTicks = sliding;
            details.Index = index;
            slot.Value = details;
            if (chargesBytes)
            {
                details.BecomeCharged();
            }
        }

        NoteDeadline_NeedsLock(index, slot.Flags, flags);
        slot.Flags = flags;
        if (deadline != long.MaxValue)
        {
            _store.Deadline(index) = deadline;
        }

        slot.EndWrite();
        _account.UpdateCharge(node.Charge, charge);
        _order.UpdateCharge(index, charge, priority);
        settings.OnApplied(absolute, priority);
        EvictionReason reason = charge > _account.Max ? EvictionReason.Capacity
            : details is not null ? details.ExpiredBy(now)
            : now >= absolute ? EvictionReason.Expired
            : EvictionReason.None;
        if (reason != EvictionReason.None)
        {
            RemoveEntry_NeedsLock(index, reason, ref removed);
        }

        return true;
    }

    private static long Overhead(SlotFlags flags, long detailBytes) =>
        detailBytes + ((flags & SlotFlags.HasDeadline) != 0 ? DeadlineBytesPerEntry : 0);

    /// <summary>Where a key was before the lock was taken.</summary>
    private readonly record struct Whereabouts(SlotRef SlotRef, bool HasLooked);
}
