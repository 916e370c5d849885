using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Evictions: for a new entry, down to a lowered limit, a share, or everything.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>
    /// For <see cref="EndHold_NeedsLock"/>: bulk removals do not shrink the table. Their callers call
    /// <see cref="Trim"/> afterwards, when most buckets are empty and cheap to merge.
    /// </summary>
    private const int NoTrimming = 0;

    /// <summary>How many of a batch are offered to a sample.</summary>
    private const int SampledOfBatch = 16;

    /// <summary>
    /// Evicts down to the current limit, in batches that release the lock in between.
    /// </summary>
    /// <param name="betweenBatches">Called without the lock after each batch; null for nothing.</param>
    /// <returns>Entries and bytes evicted by this call. Call <see cref="Trim"/> afterwards.</returns>
    public EntryTotals EvictDownToLimit(Action? betweenBatches = null)
    {
        EntryTotals evicted = default;
        EvictDownToLimit(ref evicted, betweenBatches, sample: null);
        return evicted;
    }

    /// <summary>The same.</summary>
    /// <param name="evicted">What was evicted is added to it, also where an exception ends this early.</param>
    /// <param name="betweenBatches">See above.</param>
    /// <param name="sample">Is offered some of the values; null for none.</param>
    public void EvictDownToLimit(ref EntryTotals evicted, Action? betweenBatches, EvictedSample? sample)
    {
        bool more = true;
        while (more)
        {
            List<RemovedEntry>? removed = null;
            try
            {
                more = EvictBatch(ref evicted, sample, ref removed);
            }
            finally
            {
                Notify(removed);
            }

            betweenBatches?.Invoke();
        }
    }

    /// <summary>
    /// Removes up to <paramref name="entries"/> entries, lowest priority and least recently used first, but none that
    /// is <see cref="CacheItemPriority.NeverRemove"/>. Call <see cref="Trim"/> afterwards.
    /// </summary>
    public void Evict(long entries) => RemoveFromTails(entries, CacheItemPriority.High, EvictionReason.Capacity);

    /// <summary>
    /// Removes everything, and overtakes all pending stores. Entries that are stored meanwhile may be removed too. At
    /// one moment before this returns the cache is empty. Call <see cref="Trim"/> afterwards.
    /// </summary>
    public void Clear()
    {
        OvertakeAllPending(EvictionReason.Removed);
        RemoveFromTails(long.MaxValue, CacheItemPriority.NeverRemove, EvictionReason.Removed);
    }

    /// <summary>One hold of the lock.</summary>
    /// <returns>Whether there is more to evict.</returns>
    private bool EvictBatch(ref EntryTotals evicted, EvictedSample? sample, ref List<RemovedEntry>? removed)
    {
        using (_lock.EnterAfterOthers())
        {
            ApplyTouches_NeedsLock();
            (int countBefore, long usedBefore) = (_account.Count, _account.Used);
            try
            {
                TryEvict_NeedsLock(_account.Max, AccessOrder.None, sample, ref removed);
            }
            finally
            {
                var batch = new EntryTotals(countBefore - _account.Count, usedBefore - _account.Used);
                _account.NoteShrunk(batch);
                _account.NoteBulk(batch.Bytes);
                evicted += batch;
                EndHold_NeedsLock(NoTrimming);
            }

            return _account.Used > _account.Max;
        }
    }

    private void RemoveFromTails(long entries, CacheItemPriority highest, EvictionReason reason)
    {
        while (entries > 0)
        {
            List<RemovedEntry>? removed = null;
            try
            {
                entries = RemoveBatchFromTails(entries, highest, reason, ref removed);
            }
            finally
            {
                Notify(removed);
            }
        }
    }

    /// <summary>One hold of the lock.</summary>
    /// <returns>How many entries are still to be removed.</returns>
    private long RemoveBatchFromTails(
        long entries, CacheItemPriority highest, EvictionReason reason, ref List<RemovedEntry>? removed)
    {
        int batch = (int)Math.Min(entries, BatchEntries);
        using (_lock.EnterAfterOthers())
        {
            ApplyTouches_NeedsLock();
            long usedBefore = _account.Used;
            int done = 0;
            try
            {
                PrefetchVictims_NeedsLock(batch, long.MaxValue, highest);
                int steps = BatchEntries;
                bool isLast = false;
                while (!isLast && done < batch && steps > 0)
                {
                    int victim = reason == EvictionReason.Capacity
                        ? _order.NextVictim(highest, AccessOrder.None, ref steps)
                        : _order.Last(highest);
                    isLast = victim == AccessOrder.None;
                    if (!isLast)
                    {
                        RemoveEntry_NeedsLock(victim, reason, ref removed);
                        done++;
                    }
                }

                return isLast ? 0 : entries - done;
            }
            finally
            {
                _account.NoteBulk(usedBefore - _account.Used);
                if (reason == EvictionReason.Capacity)
                {
                    _account.NoteCompacted(new EntryTotals(done, usedBefore - _account.Used));
                }

                EndHold_NeedsLock(NoTrimming);
            }
        }
    }

    /// <summary>
    /// Evicts until <paramref name="bytes"/> more fit under the limit, but spares one entry, wherever it is in the
    /// order. While entries are still being evicted down to a lowered limit: until the sum would not rise.
    /// </summary>
    /// <returns>False if a batch was not enough.</returns>
    private bool TryMakeRoom_NeedsLock(long bytes, int spared, ref List<RemovedEntry>? removed) =>
        // Where the sum does not rise, nothing has to go; and what it falls by must not be added to a limit that may be
        // the largest number.
        bytes <= 0
        || TryEvict_NeedsLock(
            Math.Max(_account.Max, _account.PublishedUsed) - bytes, spared, sample: null, ref removed);

    /// <summary>
    /// Evicts until no more than <paramref name="target"/> bytes are used, one batch at most.
    /// </summary>
    /// <returns>False if a batch was not enough.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryEvict_NeedsLock(long target, int spared, EvictedSample? sample, ref List<RemovedEntry>? removed)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_account.Used <= target)
        {
            return true;
        }

        PrefetchVictims_NeedsLock(BatchEntries, _account.Used - target, CacheItemPriority.NeverRemove);
        int steps = BatchEntries;
        for (int evicted = 0; _account.Used > target; evicted++)
        {
            if (steps <= 0)
            {
                return false;
            }

            // NeverRemove comes last, but it is evicted too: the limit is a promise, the priority only a preference.
            int victim = _order.NextVictim(CacheItemPriority.NeverRemove, spared, ref steps);
            if (victim == AccessOrder.None)
            {
                return true;
            }

            if (evicted < SampledOfBatch && sample?.WantsNext() == true)
            {
                Sample_NeedsLock(victim, sample);
            }

            if (_account.Used - target < _account.Max)
            {
                // Of a bulk eviction only the last entries are remembered: the others would be forgotten at once.
                _order.NoteEvicted(victim, _account.Max);
            }

            RemoveEntry_NeedsLock(victim, EvictionReason.Capacity, ref removed);
        }

        return true;
    }

    private void Sample_NeedsLock(int victim, EvictedSample sample)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (ValueOf(in _store.Slot(victim)) is { } value)
        {
            sample.Add(value, _store.Node(victim).Charge);
        }
    }

    /// <summary>
    /// Prefetches the memory that removing the next victims will need, so that the cache misses overlap.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PrefetchVictims_NeedsLock(int entries, long bytes, CacheItemPriority highest)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        Span<int> victims = stackalloc int[BatchEntries];
        int count = _order.Foresee(victims[..Math.Min(entries, BatchEntries)], bytes, highest);
        _index.Prefetch(victims[..count]);
    }
}

/// <summary>
/// An entry with details that was removed, and why: what its callbacks are told after the lock is released.
/// </summary>
internal readonly record struct RemovedEntry(object Key, EntryDetails Details, EvictionReason Reason)
{
    /// <summary>What the entry was charged when it left; what was measured of one that was refused.</summary>
    public long Bytes { get; init; }

    /// <summary>False for an entry that was refused.</summary>
    public bool WasStored { get; init; } = true;

    /// <summary>The callbacks when the entry left: those that are added later do not run.</summary>
    public PostEvictionCallbackRegistration[] Callbacks { get; } = Details.Callbacks;

    /// <summary>The tokens when the entry left, with the subscriptions that end now.</summary>
    public EntryToken[] Tokens { get; } = Details.Tokens;
}
