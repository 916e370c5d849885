using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Evictions: for a new entry, down to a lowered limit, by share, and of everything.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>Evicts down to the limit, as it stands while this runs, in batches that let go of the lock in between.</summary>
    /// <returns>Entries and bytes evicted by this call.</returns>
    public (long Entries, long Bytes) EvictDownToLimit()
    {
        (long entries, long bytes) = (0, 0);
        bool more = true;
        while (more)
        {
            List<RemovedEntry>? removed = null;
            lock (_gate)
            {
                ApplyTouches();
                (int countBefore, long usedBefore) = (_ledger.Count, _ledger.Used);
                TryEvict(_ledger.Max, ref removed);
                entries += countBefore - _ledger.Count;
                bytes += usedBefore - _ledger.Used;
                more = _ledger.Used > _ledger.Max;
                Settle(countBefore - _ledger.Count);
            }

            Notify(removed);
        }

        return (entries, bytes);
    }

    /// <summary>
    /// Removes up to <paramref name="entries"/> entries, lowest priority and least recently used first, but none that is
    /// <see cref="CacheItemPriority.NeverRemove"/>.
    /// </summary>
    public void Evict(long entries) => RemoveFromTails(entries, CacheItemPriority.High, EvictionReason.Capacity);

    /// <summary>Removes everything. Entries that arrive meanwhile may go as well; at one moment before this returns the cache is empty.</summary>
    public void Clear() => RemoveFromTails(long.MaxValue, CacheItemPriority.NeverRemove, EvictionReason.Removed);

    private void RemoveFromTails(long entries, CacheItemPriority highest, EvictionReason reason)
    {
        while (entries > 0)
        {
            List<RemovedEntry>? removed = null;
            int batch = (int)Math.Min(entries, BatchEntries);
            int done = 0;
            lock (_gate)
            {
                ApplyTouches();
                for (int victim; done < batch && (victim = _order.NextVictim(highest)) != AccessOrder.None; done++)
                {
                    RemoveLocked(victim, reason, ref removed);
                }

                Settle(done);
            }

            Notify(removed);
            entries = done < batch ? 0 : entries - done;
        }
    }

    /// <summary>
    /// Evicts until <paramref name="bytes"/> more fit under the limit; or, while a lowered limit is still being evicted down to, until
    /// the sum would not rise. Under the lock.
    /// </summary>
    /// <returns>False where a batch was not enough.</returns>
    private bool TryMakeRoom(long bytes, ref List<RemovedEntry>? removed) =>
        TryEvict(Math.Max(_ledger.Max, _ledger.PublishedUsed) - bytes, ref removed);

    /// <summary>Evicts until no more than <paramref name="target"/> bytes are used, one batch at most. Under the lock.</summary>
    private bool TryEvict(long target, ref List<RemovedEntry>? removed)
    {
        for (int i = 0; _ledger.Used > target; i++)
        {
            // NeverRemove last of all, but not never: the limit is a promise, and a preference cannot outrank it.
            int victim = _order.NextVictim(CacheItemPriority.NeverRemove);
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
}
