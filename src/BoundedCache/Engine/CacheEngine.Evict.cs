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
    /// <param name="sample">Is offered some of the values; null for none.</param>
    /// <returns>Entries and bytes evicted by this call. Call <see cref="Trim"/> afterwards.</returns>
    public EntryTotals EvictDownToLimit(Action? betweenBatches = null, EvictedSample? sample = null)
    {
        EntryTotals evicted = default;
        bool more = true;
        while (more)
        {
            List<RemovedEntry>? removed = null;
            using (_lock.EnterAfterOthers())
            {
                ApplyTouches_NeedsLock();
                (int countBefore, long usedBefore) = (_account.Count, _account.Used);
                Sample_NeedsLock(sample);
                TryEvict_NeedsLock(_account.Max, ref removed);
                var batch = new EntryTotals(countBefore - _account.Count, usedBefore - _account.Used);
                _account.NoteShrunk(batch);
                evicted += batch;
                more = _account.Used > _account.Max;
                EndHold_NeedsLock(NoTrimming);
            }

            Notify(removed);
            betweenBatches?.Invoke();
        }

        return evicted;
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

    private void RemoveFromTails(long entries, CacheItemPriority highest, EvictionReason reason)
    {
        while (entries > 0)
        {
            List<RemovedEntry>? removed = null;
            int batch = (int)Math.Min(entries, BatchEntries);
            int done = 0;
            using (_lock.EnterAfterOthers())
            {
                ApplyTouches_NeedsLock();
                long usedBefore = _account.Used;
                PrefetchVictims_NeedsLock(batch, long.MaxValue, highest);
                for (int victim; done < batch && (victim = _order.NextVictim(highest)) != AccessOrder.None; done++)
                {
                    RemoveEntry_NeedsLock(victim, reason, ref removed);
                }

                if (reason == EvictionReason.Capacity)
                {
                    _account.NoteCompacted(new EntryTotals(done, usedBefore - _account.Used));
                }

                EndHold_NeedsLock(NoTrimming);
            }

            Notify(removed);
            entries = done < batch ? 0 : entries - done;
        }
    }

    /// <summary>
    /// Evicts until <paramref name="bytes"/> more fit under the limit. While entries are still being evicted down to a
    /// lowered limit: until the sum would not rise. Under the lock.
    /// </summary>
    /// <returns>False if a batch was not enough.</returns>
    private bool TryMakeRoom_NeedsLock(long bytes, ref List<RemovedEntry>? removed) =>
        TryEvict_NeedsLock(Math.Max(_account.Max, _account.PublishedUsed) - bytes, ref removed);

    /// <summary>
    /// Evicts until no more than <paramref name="target"/> bytes are used, one batch at most. Under the lock.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryEvict_NeedsLock(long target, ref List<RemovedEntry>? removed)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        PrefetchVictims_NeedsLock(BatchEntries, _account.Used - target, CacheItemPriority.NeverRemove);
        for (int i = 0; _account.Used > target; i++)
        {
            // NeverRemove comes last, but it is evicted too: the limit is a promise, the priority only a preference.
            int victim = _order.NextVictim(CacheItemPriority.NeverRemove);
            if (victim == AccessOrder.None)
            {
                return true;
            }

            if (i == BatchEntries)
            {
                return false;
            }

            RemoveEntry_NeedsLock(victim, EvictionReason.Capacity, ref removed);
        }

        return true;
    }

    /// <summary>Offers the next batch of victims to a sample. Reads only those that the sample takes.</summary>
    private void Sample_NeedsLock(EvictedSample? sample)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        long excess = _account.Used - _account.Max;
        int victim = sample is null ? AccessOrder.None : _order.NextVictim(CacheItemPriority.NeverRemove);
        for (int i = 0; i < SampledOfBatch && excess > 0 && victim != AccessOrder.None; i++)
        {
            ref OrderNode node = ref _store.Node(victim);
            excess -= node.Charge;
            if (sample!.WantsNext())
            {
                ref Slot slot = ref _store.Slot(victim);
                object? value = (slot.Flags & SlotFlags.HasDetails) != 0
                    ? ((EntryDetails)slot.Value!).Value
                    : slot.Value;
                if (value is not null)
                {
                    sample.Add(value, node.Charge);
                }
            }

            victim = node.Newer;
        }
    }

    /// <summary>
    /// Prefetches the memory that removing the next victims will need, so that the cache misses overlap.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PrefetchVictims_NeedsLock(int entries, long bytes, CacheItemPriority highest)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        int victim = _order.NextVictim(highest);
        if (victim == AccessOrder.None || bytes <= _store.Node(victim).Charge)
        {
            return;
        }

        Span<int> victims = stackalloc int[BatchEntries];
        int count = 0;
        while (count < entries && bytes > 0 && victim != AccessOrder.None)
        {
            ref OrderNode node = ref _store.Node(victim);
            victims[count++] = victim;
            bytes -= node.Charge;
            victim = node.Newer;
        }

        _index.Prefetch(victims[..count]);
    }
}

/// <summary>
/// An entry with details that was removed, and why: what its callbacks are told after the lock is released.
/// </summary>
internal readonly record struct RemovedEntry(object Key, EntryDetails Details, EvictionReason Reason)
{
    /// <summary>False for an entry that was refused.</summary>
    public bool WasStored { get; init; } = true;

    /// <summary>The callbacks when the entry left: those that are added later do not run.</summary>
    public PostEvictionCallbackRegistration[] Callbacks { get; } = Details.Callbacks;

    /// <summary>The tokens when the entry left, with the subscriptions that end now.</summary>
    public EntryToken[] Tokens { get; } = Details.Tokens;
}
