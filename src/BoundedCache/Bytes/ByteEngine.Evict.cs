using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Bytes;

/// <summary>Evictions: one for a new entry, down to a lowered limit, or a share.</summary>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>Slabs that are given back in one hold of the lock: each is a call into the system.</summary>
    private const int SlabsAtOnce = 16;

    /// <summary>Evicts entries that were used least recently.</summary>
    /// <param name="entries">How many.</param>
    /// <param name="why">Why.</param>
    public void Evict(long entries, ByteRemoval why)
    {
        BeginBulk();
        try
        {
            while (entries > 0)
            {
                using (_lock.EnterAfterOthers())
                {
                    ApplyTouches_NeedsLock();
                    int evicted = EvictSome_NeedsLock((int)Math.Min(Batch, entries), why);
                    entries = evicted == 0 ? 0 : entries - evicted;
                }
            }
        }
        finally
        {
            EndBulk();
        }

        GiveBack(all: true);
    }

    /// <summary>Evicts down to the limit, moves the survivors together, and gives the rest back.</summary>
    /// <param name="givenBack">
    /// Bytes of native memory that this call itself gave back: not what other calls did meanwhile.
    /// </param>
    /// <returns>What was evicted.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public EntryTotals EvictToLimit(out long givenBack)
    {
        givenBack = 0;
        EntryTotals evicted = default;
        bool isDone = false;
        BeginBulk();
        try
        {
            while (!isDone)
            {
                using (_lock.EnterAfterOthers())
                {
                    ApplyTouches_NeedsLock();
                    EntryTotals before = _left[(int)ByteRemoval.Shrink];
                    isDone = EvictBeyondLimit_NeedsLock();
                    evicted += _left[(int)ByteRemoval.Shrink] - before;
                }
            }
        }
        finally
        {
            givenBack += EndBulk();
        }

        // The holes were counted as free; slabs that are not quite empty keep some of them.
        for (isDone = false; !isDone;)
        {
            using (_lock.EnterAfterOthers())
            {
                ApplyTouches_NeedsLock();
                long native = NativeBytes;
                EntryTotals before = _left[(int)ByteRemoval.Shrink];
                isDone = EvictBeyondLimit_NeedsLock();
                if (isDone && _account.LivePages > _account.LimitPages)
                {
                    bool isSqueezed = Squeeze_NeedsLock();
                    isDone = isSqueezed && (_account.LivePages <= _account.LimitPages || _table.Count == 0);
                    if (isSqueezed && !isDone)
                    {
                        EvictSome_NeedsLock(1, ByteRemoval.Shrink);
                    }
                }

                evicted += _left[(int)ByteRemoval.Shrink] - before;
                givenBack += native - NativeBytes;
            }
        }

        givenBack = Math.Max(0, givenBack + GiveBack(all: true));
        return evicted;
    }

    private int EvictSome_NeedsLock(int most, ByteRemoval why)
    {
        Prefetch_NeedsLock(most);
        int steps = Batch;
        int evicted = 0;
        while (evicted < most && steps > 0 && TryEvict_NeedsLock(ByteOrder.None, why, ref steps))
        {
            evicted++;
        }

        return evicted;
    }

    /// <summary>Evicts a few entries while too much is live.</summary>
    /// <returns>Whether no more has to go, or nothing is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool EvictBeyondLimit_NeedsLock()
    {
        Prefetch_NeedsLock(Batch);

        // Bulk work gives the table's other pages back at its end.
        _table.ShrinkOrder(all: false);
        long allowed = _account.LimitPages + (_blocks.IsInBulk ? _table.ExcessPages : 0);
        for (int steps = Batch; steps > 0;)
        {
            long beyond = _account.LivePages - (_blocks.HoleBytes / _account.PageSize) - allowed;
            if (beyond <= 0)
            {
                return true;
            }

            // Of many evictions only the last are remembered: the others would be forgotten at once.
            bool isRemembered = beyond < _account.LimitPages;
            if (!TryEvict_NeedsLock(ByteOrder.None, ByteRemoval.Shrink, ref steps, isRemembered))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Evicts an entry.</summary>
    /// <param name="spared">The one that goes last; <see cref="ByteOrder.None"/> for none.</param>
    /// <param name="why">Why.</param>
    /// <returns>False where there is none.</returns>
    private bool TryEvict_NeedsLock(int spared, ByteRemoval why)
    {
        int steps = 0;
        return TryEvict_NeedsLock(spared, why, ref steps);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryEvict_NeedsLock(int spared, ByteRemoval why, ref int steps, bool isRemembered = true)
    {
        int victim = _table.Order.NextVictim(spared, ref steps);
        victim = victim == ByteOrder.None ? spared : victim;
        if (victim == ByteOrder.None)
        {
            return false;
        }

        if (isRemembered && why is ByteRemoval.Capacity or ByteRemoval.Shrink)
        {
            _table.Order.NoteEvicted(victim, _limit);
        }

        RemoveAt_NeedsLock(victim, why);
        return true;
    }

    /// <summary>Loads what removing the next entries needs, so that the waits overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Prefetch_NeedsLock(int most)
    {
        Span<int> indexes = stackalloc int[Batch];
        indexes = indexes[.._table.Order.Foresee(indexes[..most])];
        foreach (int index in indexes)
        {
            ByteOrder.Prefetch(_table.Slot(index));
        }

        foreach (int index in indexes)
        {
            ByteSlot* slot = _table.Slot(index);
            ByteOrder.Prefetch(_table.Index.TryHead(ByteIndex.BucketOf(slot->Hash, _table.Index.Count)));
            var place = new Place(slot->Place);
            if (place.IsChain)
            {
                ByteOrder.Prefetch(_pool.HeaderOf(place.Block));
            }
            else
            {
                _blocks.Prefetch(place.Block, DenseBlocks.ClassFor((int)place.SizeWith(slot->Length)));
            }
        }

        foreach (int index in indexes)
        {
            // The entry before it in its chain, most often the first.
            int first = _table.Index.First(_table.Slot(index)->Hash);
            if (first > 0)
            {
                ByteOrder.Prefetch(_table.Slot(first));
            }
        }
    }

    /// <summary>Whether work in bulk goes on. Under the lock, for tests.</summary>
    internal bool IsInBulk => _blocks.IsInBulk;

    /// <summary>From now on freed blocks stay holes, until the last bulk work ends. Internal for tests.</summary>
    internal void BeginBulk()
    {
        using (_lock.Enter())
        {
            _blocks.BeginBulk();
        }
    }

    /// <summary>Ends bulk work: moves what is left together. Internal for tests.</summary>
    /// <remarks>
    /// It always ends, or no freed block would be used by another class again. Where the moving is interrupted, holes
    /// stay: for new blocks, or until other work fills them.
    /// </remarks>
    /// <returns>Bytes of native memory that this gave back.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal long EndBulk()
    {
        long givenBack = 0;
        using (_lock.EnterAlways())
        {
            _blocks.EndBulk();
        }

        for (bool isDone = false; !isDone;)
        {
            using (_lock.EnterAfterOthers())
            {
                long native = NativeBytes;
                isDone = _blocks.Compact(Batch) & (_table.Count == 0 || _table.Trim(Batch));
                if (isDone && _table.Count == 0)
                {
                    isDone = Squeeze_NeedsLock();
                }

                givenBack += native - NativeBytes;
            }
        }

        return givenBack;
    }

    /// <summary>
    /// Fills holes, shrinks the table and gives back pages that hold nothing: for limits near zero. A bounded step of
    /// it. Under the lock.
    /// </summary>
    /// <returns>Whether nothing is left to do.</returns>
    private bool Squeeze_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        bool isDone = _blocks.Squeeze(Batch);
        isDone &= _table.Trim(Batch, all: true);
        isDone &= _pool.GiveBackSome(SlabsAtOnce);
        return isDone & _largePool.GiveBackSome(SlabsAtOnce);
    }
}
