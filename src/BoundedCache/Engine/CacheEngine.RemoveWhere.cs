using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Walks over all entries: to remove those whose keys the caller chooses, or to look at values.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>The values whose entries must be watched, since somebody asked for them; null for none.</summary>
    private Func<object?, bool>? _watches;

    /// <summary>
    /// Removes the entries whose keys match, and overtakes pending stores whose keys do. Entries that are inserted
    /// meanwhile may be seen or not. Call <see cref="Trim"/> afterwards, also when it throws.
    /// </summary>
    /// <param name="match">User code: runs without the lock. If it throws, what matched until then is removed.</param>
    /// <param name="removed">Raised by each entry removed.</param>
    public void RemoveWhere(Func<object, bool> match, ref int removed)
    {
        foreach (PendingStore store in Pending.Snapshot())
        {
            if (!store.IsOvertaken && match(store.Key))
            {
                OvertakePending(store, EvictionReason.Removed);
            }
        }

        // Like an enumeration it keeps entries from moving: one that moved behind it would be missed.
        var pin = new InsertedSlots(chunks: 0);
        int chunks;
        using (_lock.Enter())
        {
            _enumerations.Add(pin);
            chunks = _allocator.Numbers;
        }

        try
        {
            var candidates = new List<SeenEntry>();
            for (int chunk = 1; chunk < chunks; chunk++)
            {
                candidates.Clear();
                AddSeen(chunk, candidates);
                int matched = 0;
                try
                {
                    for (int i = 0; i < candidates.Count; i++)
                    {
                        if (match(candidates[i].Key))
                        {
                            candidates[matched++] = candidates[i];
                        }
                    }
                }
                finally
                {
                    Remove(candidates, matched, ref removed);
                }
            }
        }
        finally
        {
            using (_lock.EnterAlways())
            {
                _enumerations.Remove(pin);
            }
        }
    }

    /// <summary>
    /// Visits the entries whose values are wanted, once each, and gives details to those that have none, so that their
    /// removal is told. From the beginning on, entries with such values are only stored if they are
    /// <see cref="NewEntry.IsWatched"/>; those that are stored meanwhile may be seen or not.
    /// </summary>
    /// <param name="wants">Whether to visit an entry with this value. Runs under the lock: no user code.</param>
    /// <param name="visit">Runs under the lock too: the entry is in the table.</param>
    public void VisitDetails(Func<object?, bool> wants, Action<EntryDetails> visit)
    {
        var pin = new InsertedSlots(chunks: 0);
        int chunks;
        using (_lock.Enter())
        {
            _watches = wants;
            _enumerations.Add(pin);
            chunks = _allocator.Numbers;
        }

        try
        {
            for (int chunk = 1; chunk < chunks; chunk++)
            {
                VisitChunk(chunk, wants, visit);
            }
        }
        finally
        {
            using (_lock.EnterAlways())
            {
                _enumerations.Remove(pin);
            }
        }
    }

    private void VisitChunk(int chunk, Func<object?, bool> wants, Action<EntryDetails> visit)
    {
        using (_lock.EnterAfterOthers())
        {
            int first = chunk << SlotStore.ChunkShift;
            int end = first + _allocator.State(chunk).Fresh;
            for (int index = first; index < end; index++)
            {
                if (_store.Node(index).IsInUse && wants(ValueOf(in _store.Slot(index))))
                {
                    visit(EnsureDetails_NeedsLock(index));
                }
            }
        }
    }

    /// <remarks>The charge stays: the bytes of such late details are not counted.</remarks>
    private EntryDetails EnsureDetails_NeedsLock(int index)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        ref Slot slot = ref _store.Slot(index);
        if ((slot.Flags & SlotFlags.HasDetails) != 0)
        {
            return (EntryDetails)slot.Value!;
        }

        EntryDetails details = EntryDetails.Empty();
        details.Value = slot.Value;
        details.BecomeOwnerless();
        if ((slot.Flags & SlotFlags.HasDeadline) != 0)
        {
            details.AbsoluteExpirationTicks = _store.Deadline(index);
        }

        slot.BeginWrite();
        slot.Value = details;
        slot.Flags |= SlotFlags.HasDetails;
        slot.EndWrite();
        details.Index = index;
        return details;
    }

    private void AddSeen(int chunk, List<SeenEntry> candidates)
    {
        using (_lock.EnterAfterOthers())
        {
            int first = chunk << SlotStore.ChunkShift;
            int end = first + _allocator.State(chunk).Fresh;
            for (int index = first; index < end; index++)
            {
                if (_store.Node(index).IsInUse)
                {
                    ref Slot slot = ref _store.Slot(index);
                    candidates.Add(new SeenEntry(index, slot.Key!, ValueOf(in slot), slot.Version));
                }
            }
        }
    }

    private void Remove(List<SeenEntry> candidates, int count, ref int removed)
    {
        for (int begin = 0; begin < count; begin += BatchEntries)
        {
            List<RemovedEntry>? told = null;
            int end = Math.Min(count, begin + BatchEntries);
            try
            {
                RemoveBatch(CollectionsMarshal.AsSpan(candidates)[begin..end], ref removed, ref told);
            }
            finally
            {
                Notify(told);
            }
        }
    }

    /// <summary>One hold of the lock.</summary>
    private void RemoveBatch(ReadOnlySpan<SeenEntry> candidates, ref int removed, ref List<RemovedEntry>? told)
    {
        using (_lock.EnterAfterOthers())
        {
            long usedBefore = _account.Used;
            try
            {
                foreach (ref readonly SeenEntry candidate in candidates)
                {
                    if (IsStill_NeedsLock(in candidate))
                    {
                        RemoveEntry_NeedsLock(candidate.Index, EvictionReason.Removed, ref told);
                        removed++;
                    }
                }
            }
            finally
            {
                _account.NoteBulk(usedBefore - _account.Used);
                EndHold_NeedsLock(NoTrimming);
            }
        }
    }

    /// <summary>
    /// Whether an entry is the one that was seen. Its version also changes when it is only measured again.
    /// </summary>
    private bool IsStill_NeedsLock(in SeenEntry candidate)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (!_store.Exists(candidate.Index) || !_store.Node(candidate.Index).IsInUse)
        {
            return false;
        }

        ref Slot slot = ref _store.Slot(candidate.Index);
        return slot.Version == candidate.Version
            || (ReferenceEquals(slot.Key, candidate.Key) && ReferenceEquals(ValueOf(in slot), candidate.Value));
    }

    private static object? ValueOf(in Slot slot) =>
        (slot.Flags & SlotFlags.HasDetails) != 0 ? ((EntryDetails)slot.Value!).Value : slot.Value;

    private readonly record struct SeenEntry(int Index, object Key, object? Value, uint Version);
}
