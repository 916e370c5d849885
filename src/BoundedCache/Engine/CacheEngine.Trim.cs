using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>Giving up table space: a little with every write while the table is too large for its population, all of it on request.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>Moves per removed entry while there is excess: enough to catch up with a population that falls by one at a time.</summary>
    private const int MovesPerRemoval = 8;

    /// <summary>Buckets merged in one hold of the lock: most are empty, and merging those is nearly free.</summary>
    private const int MergesPerHold = 1024;

    /// <summary>Makes the table as small as its population allows, in batches that let go of the lock in between.</summary>
    /// <param name="betweenBatches">Called without the lock after each batch; null for nothing.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Trim(Action? betweenBatches = null)
    {
        bool more = true;
        while (more)
        {
            using (_gate.EnterAfterOthers())
            {
                ApplyTouches();
                for (int i = 0; i < MergesPerHold && _index.HasSpare(_ledger.Count); i++)
                {
                    _index.Merge();
                }

                if (_movesPaused == 0 && _allocator.HasSpareChunk)
                {
                    MoveSome(BatchEntries);
                }

                more = _index.HasSpare(_ledger.Count) || (_movesPaused == 0 && _allocator.HasSpareChunk);
            }

            betweenBatches?.Invoke();
        }

        DropUnusedDeadlines();
    }

    /// <summary>
    /// Ends a hold of the lock that changed entries: gives up table space in proportion to what was removed, and publishes the account.
    /// No slot's index may be held across it, since it moves entries.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Settle(int removed)
    {
        for (int i = 0; i < 2 * removed && _index.HasExcess(_ledger.Count); i++)
        {
            _index.Merge();
        }

        if (removed > 0 && _movesPaused == 0 && _allocator.HasExcess)
        {
            // A touch that waits names a slot. Applied before anything moves, it is not lost.
            ApplyTouches();
            MoveSome(Math.Min(MovesPerRemoval * removed, BatchEntries));
        }

        _ledger.Publish();
    }

    /// <summary>Moves entries out of a sparse chunk, and gives it up when it is empty.</summary>
    private void MoveSome(int moves)
    {
        int chunk = _allocator.BeginDrain();
        if (chunk < 0)
        {
            return;
        }

        int end = (chunk << SlotStore.ChunkShift) + _allocator.State(chunk).Fresh;
        int index = _allocator.DrainCursor;
        while (index < end && moves > 0)
        {
            if (_store.Link(index).IsInUse)
            {
                // The last entry to leave may take the chunk with it.
                bool last = _allocator.State(chunk).InUse == 1;
                Move(index, Allocate((_store.Slot(index).Flags & SlotFlags.HasDeadline) != 0));
                moves--;
                if (last)
                {
                    break;
                }
            }

            index++;
        }

        _allocator.DrainCursor = index;

        if (_allocator.Draining == chunk && _allocator.State(chunk).InUse == 0)
        {
            _allocator.EndDrain();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Move(int from, int to)
    {
        ref Slot source = ref _store.Slot(from);
        ref Slot target = ref _store.Slot(to);
        if ((source.Flags & SlotFlags.HasDeadline) != 0)
        {
            _store.Deadline(to) = _store.Deadline(from);
        }

        _index.BeginRelocation();
        BeginWrite(ref target);
        NoteDeadline(to, target.Flags, source.Flags);
        target.Key = source.Key;
        target.Value = source.Value;
        target.Hash = source.Hash;
        target.Flags = source.Flags;
        EndWrite(ref target);
        _store.Link(to) = _store.Link(from);
        _order.Relocate(to);
        _index.Relocate(from, to);
        if ((source.Flags & SlotFlags.HasDetails) != 0)
        {
            ((EntryDetails)source.Value!).Index = to;
        }

        Clear(from);
        _index.EndRelocation();
        _allocator.Free(from);
    }

    private void DropUnusedDeadlines()
    {
        using (_gate.EnterAfterOthers())
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
