using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Expiration of entries that nobody asks for.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>
    /// Expired entries removed in one hold of the lock. Fewer than are evicted in one, because readers and writers are
    /// busy meanwhile: the hold should end before a waiting thread gives up its processor.
    /// </summary>
    private const int DueEntries = 32;

    /// <summary>
    /// Called with the time when a reader took an entry that expires; null for nobody. Runs on the reader's thread,
    /// without a lock.
    /// </summary>
    public Action<long>? OnExpiringHit { get; set; }

    /// <summary>Whether there are entries that expire.</summary>
    public bool HasExpiring
    {
        get
        {
            using (_lock.Enter())
            {
                for (int chunk = 1; chunk < _allocator.Numbers; chunk++)
                {
                    if (_allocator.State(chunk).Expiring > 0)
                    {
                        return true;
                    }
                }

                return false;
            }
        }
    }

    /// <summary>
    /// Removes the entry that holds <paramref name="details"/>, or those that it has instead, because a token fired.
    /// </summary>
    public void Expire(EntryDetails details)
    {
        EntryDetails latest = details.Latest;
        if (latest != details)
        {
            latest.FireToken();
        }

        Remove(latest, EvictionReason.TokenExpired);
    }

    /// <summary>
    /// Removes expired entries. Scans the deadlines, 8 bytes per entry, without the lock, and takes the lock only for
    /// batches of those it found.
    /// </summary>
    /// <param name="onTokenFailed">Receives what tokens throw when they are asked. Must not throw.</param>
    /// <returns>Entries removed.</returns>
    public int RemoveExpired(Action<Exception> onTokenFailed)
    {
        int removed = 0;
        long now = _time.GetUtcNow().UtcTicks;
        var due = new List<int>();
        long[][] chunks = _store.Deadlines;
        for (int chunk = 1; chunk < chunks.Length; chunk++)
        {
            long[] deadlines = chunks[chunk];
            for (int offset = 0; offset < deadlines.Length; offset++)
            {
                // Slots that are free or whose entry no longer expires may pass too: the batch checks again under the
                // lock.
                if (Volatile.Read(ref deadlines[offset]) <= now)
                {
                    due.Add((chunk << SlotStore.ChunkShift) + offset);
                    if (due.Count == DueEntries)
                    {
                        removed += RemoveDue(due, now, onTokenFailed);
                    }
                }
            }

            removed += RemoveDue(due, now, onTokenFailed);
        }

        return removed;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int RemoveDue(List<int> due, long now, Action<Exception> onTokenFailed)
    {
        if (due.Count == 0)
        {
            return 0;
        }

        List<EntryDetails>? toAsk = null;
        List<RemovedEntry>? removed = null;
        int count;

        // Before taking the lock, so that only this thread waits for the memory.
        Prefetch(CollectionsMarshal.AsSpan(due));
        try
        {
            count = RemoveDue(due, now, ref toAsk, ref removed);
        }
        finally
        {
            // Not later: the next hold may be interrupted.
            Notify(removed);
        }

        if (count > 0)
        {
            // Moving entries takes longer than removing some, so it gets a hold of its own: others may take the lock in
            // between.
            using (_lock.EnterAfterOthers())
            {
                EndHold_NeedsLock(count);
            }
        }

        due.Clear();
        return count + (toAsk is null ? 0 : RemoveByTokens(toAsk, now, onTokenFailed));
    }

    /// <summary>Removes, in one hold, those that are expired, and lists those whose tokens have to be asked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int RemoveDue(List<int> due, long now, ref List<EntryDetails>? toAsk, ref List<RemovedEntry>? removed)
    {
        using (_lock.EnterAfterOthers())
        {
            (int countBefore, long usedBefore) = (_account.Count, _account.Used);
            try
            {
                foreach (int index in due)
                {
                    RemoveIfDue_NeedsLock(index, now, ref toAsk, ref removed);
                }

                return countBefore - _account.Count;
            }
            finally
            {
                _account.NoteBulk(usedBefore - _account.Used);
                EndHold_NeedsLock(NoTrimming);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RemoveIfDue_NeedsLock(
        int index, long now, ref List<EntryDetails>? toAsk, ref List<RemovedEntry>? removed)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (!_store.Exists(index) || !_store.Node(index).IsInUse)
        {
            return;
        }

        ref Slot slot = ref _store.Slot(index);
        if ((slot.Flags & SlotFlags.HasDeadline) == 0 || _store.Deadline(index) > now)
        {
            return;
        }

        EntryDetails? details = (slot.Flags & SlotFlags.HasDetails) != 0 ? (EntryDetails)slot.Value! : null;
        EvictionReason reason = details is null ? EvictionReason.Expired : details.ExpiredBy(now);
        if (reason != EvictionReason.None)
        {
            RemoveEntry_NeedsLock(index, reason, ref removed);
        }
        else if (details!.Tokens.Length > 0)
        {
            (toAsk ??= []).Add(details);
        }
        else
        {
            // The entry has a sliding window and was used since: look again when the window would end now. The
            // version stays, because readers of such an entry ask its details and not its deadline.
            Volatile.Write(ref _store.Deadline(index), details.Deadline);
        }
    }

    private int RemoveByTokens(List<EntryDetails> candidates, long now, Action<Exception> onTokenFailed)
    {
        int count = 0;
        foreach (EntryDetails details in candidates)
        {
            try
            {
                EvictionReason reason = details.ExpiredByTokensToo(now);
                if (reason != EvictionReason.None)
                {
                    Remove(details, reason);
                    count++;
                }
            }
#pragma warning disable CA1031 // A token is user code: what it throws is reported, and the other entries still expire.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                onTokenFailed(failure);
            }
        }

        return count;
    }
}
