using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>
/// Shrinking the table: a little with every write while it is too large for its entries, completely on request.
/// </summary>
internal sealed partial class CacheEngine
{
    /// <summary>
    /// Moves per removed entry while there is excess: enough to keep up when entries are removed one at a time.
    /// </summary>
    private const int MovesPerRemoval = 8;

    /// <summary>Buckets merged in one hold of the lock. Most of them are empty and cheap to merge.</summary>
    private const int MergesPerHold = 1024;

    /// <summary>
    /// Makes the table as small as its entries allow, in batches that release the lock in between.
    /// </summary>
    /// <param name="betweenBatches">Called without the lock after each batch; null for nothing.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Trim(Action? betweenBatches = null)
    {
        bool more = true;
        while (more)
        {
            using (_lock.EnterAfterOthers())
            {
                ApplyTouches_NeedsLock();
                _index.Shrink(_account.Count, MergesPerHold);
                _order.Shrink(_account.Count, all: true);
                if (MayMove && _allocator.HasSpareLength)
                {
                    _allocator.BeginShortening();
                }

                if (MayMove && _allocator.HasSpareChunk)
                {
                    MoveSome_NeedsLock(BatchEntries);
                }

                more = _index.HasSpare(_account.Count)
                    || (MayMove && (_allocator.HasSpareChunk || _allocator.HasSpareLength));
                if (!more)
                {
                    _index.Shorten();
                }
            }

            betweenBatches?.Invoke();
        }

        DropUnusedDeadlines();
    }

    /// <summary>
    /// Ends a hold of the lock that changed entries: shrinks the table in proportion to what was removed, and publishes
    /// the account. It moves entries, so indexes of slots are invalid afterwards. Never throws: the change stands.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void EndHold_NeedsLock(int removed)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        _index.ShrinkExcess(_account.Count, 2 * removed);
        _order.Shrink(_account.Count, all: false);
        if (removed > 0 && MayMove && _allocator.HasExcess)
        {
            MoveExcess_NeedsLock(removed);
        }

        _account.Publish();
    }

    private void MoveExcess_NeedsLock(int removed)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        try
        {
            // Pending touches name slots, so they are applied before entries move.
            ApplyTouches_NeedsLock();
            MoveSome_NeedsLock(Math.Min(MovesPerRemoval * removed, BatchEntries));
        }
        catch (OutOfMemoryException)
        {
            // A later hold moves the rest.
        }
    }

    /// <summary>Moves entries out of a sparse chunk, and drops the chunk when it is empty.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MoveSome_NeedsLock(int moves)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (!_allocator.TryBeginDrain(out int chunk))
        {
            return;
        }

        int end = (chunk << SlotStore.ChunkShift) + _allocator.State(chunk).Fresh;
        int index = _allocator.DrainCursor;
        Span<int> moving = stackalloc int[moves];
        int count = 0;
        for (; index < end && count < moves; index++)
        {
            if (_store.Node(index).IsInUse)
            {
                moving[count++] = index;
            }
        }

        moving = moving[..count];
        Prefetch(moving);
        foreach (int from in moving)
        {
            // The move of the last entry may drop the chunk.
            Move_NeedsLock(from, Allocate_NeedsLock((_store.Slot(from).Flags & SlotFlags.HasDeadline) != 0));
        }

        _allocator.DrainCursor = index;

        if (_allocator.Draining == chunk && _allocator.State(chunk).InUse == 0)
        {
            _allocator.EndDrain();
        }
    }

    /// <summary>
    /// Prefetches the memory that moving or removing these entries will need, so that the cache misses overlap. May be
    /// called without the lock.
    /// </summary>
    private void Prefetch(ReadOnlySpan<int> indexes)
    {
        _order.Prefetch(indexes);
        _index.Prefetch(indexes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Move_NeedsLock(int from, int to)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        ref Slot source = ref _store.Slot(from);
        ref Slot target = ref _store.Slot(to);
        if ((source.Flags & SlotFlags.HasDeadline) != 0)
        {
            _store.Deadline(to) = _store.Deadline(from);
        }

        _index.BeginRelocation();
        target.BeginWrite();
        NoteDeadline_NeedsLock(to, target.Flags, source.Flags);
        target.Key = source.Key;
        target.Value = source.Value;
        target.Hash = source.Hash;
        SetMarks_NeedsLock(to, source.Flags, Marks_NeedsLock(from));
        target.EndWrite();
        _store.Node(to) = _store.Node(from);
        _order.Relocate(from, to);
        _index.Relocate(from, to);
        if ((source.Flags & SlotFlags.HasDetails) != 0)
        {
            ((EntryDetails)source.Value!).Index = to;
        }

        ClearSlot_NeedsLock(from);
        _index.EndRelocation();
        _allocator.Free(from);
    }

    private void DropUnusedDeadlines()
    {
        using (_lock.EnterAfterOthers())
        {
            for (int chunk = 1; chunk < _allocator.Numbers; chunk++)
            {
                if (_allocator.State(chunk).Expiring == 0)
                {
                    _store.DropDeadlines(chunk);
                }
            }
        }
    }
}
