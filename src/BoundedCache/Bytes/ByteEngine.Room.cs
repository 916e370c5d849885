using System.Diagnostics;

namespace BoundedCache.Bytes;

/// <summary>Room for new entries: what is evicted and moved for it, in bounded holds of the lock.</summary>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>
    /// Pages that no eviction frees: of values that are being written, and of those that readers have a lease on.
    /// </summary>
    private long _heldPages;

    private void Hold(long pages) => Interlocked.Add(ref _heldPages, pages);

    /// <summary>Counts pages as held, unless they cannot fit however much is evicted.</summary>
    private bool TryHold(long pages)
    {
        while (true)
        {
            long held = Volatile.Read(ref _heldPages);
            if (held + pages + ByteTable.FewestPages > LimitBytes / _account.PageSize)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _heldPages, held + pages, held) == held)
            {
                return true;
            }
        }
    }

    /// <summary>
    /// Takes a block and makes sure of a slot, and evicts for both, as much as one hold of the lock may.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="content">Bytes of the block.</param>
    /// <param name="index">
    /// The entry that is to be replaced; 0 where there is none, or it was evicted. Evictions may move its slot.
    /// </param>
    /// <param name="search">What was done in holds before.</param>
    /// <returns>
    /// The block; null where there is none yet: to be tried again in another hold, unless the search is over.
    /// </returns>
    private byte* TakeBlock_NeedsLock(in EncodedKey key, int content, ref int index, ref RoomSearch search)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        bool isReplaced = index != ByteOrder.None;
        int sizeClass = DenseBlocks.ClassFor(content);
        for (int steps = Batch; steps > 0;)
        {
            bool isRefused = false;
            if (index != ByteOrder.None || _table.TryPrepare())
            {
                long refusals = _space.Refusals;
                byte* block = _blocks.TryTake(sizeClass);
                if (block is not null)
                {
                    return block;
                }

                isRefused = _space.Refusals != refusals;
            }

            if (search.Pool is null)
            {
                search.Pool = _blocks.PoolOf(sizeClass);
                search.Slabs = 1;
                search.Pages = _account.PagesOf(SlabPool.HeaderSize + _blocks.SizeOf(sizeClass));
                search.SqueezeAfter = (2L * content) + Math.Min(SqueezeAfter, LimitBytes / 16);
                search.Credited = _creditedBytes;
            }

            if (!TryMakeRoom_NeedsLock(ref search, index, isRefused, ref steps))
            {
                search.IsOver = true;
                return null;
            }

            index = isReplaced ? Find_NeedsLock(key) : ByteOrder.None;
        }

        return null;
    }

    /// <summary>A step towards room: holes are filled, an entry is evicted, or all is squeezed.</summary>
    /// <param name="search">What was done before.</param>
    /// <param name="spared">The entry that goes last; <see cref="ByteOrder.None"/> for none.</param>
    /// <param name="isRefused">Whether it was the system that refused, and not the limit.</param>
    /// <param name="steps">What may still be done in this hold of the lock: removals or moves.</param>
    /// <returns>False where nothing is left that would help.</returns>
    private bool TryMakeRoom_NeedsLock(ref RoomSearch search, int spared, bool isRefused, ref int steps)
    {
        if (search.IsSqueezing)
        {
            search.IsSqueezing = !Squeeze_NeedsLock();
            steps -= Batch;
            return true;
        }

        if (_blocks.HasRoomInHoles)
        {
            _ = _blocks.Fill(Batch);
            steps -= Batch;
            return true;
        }

        if (Volatile.Read(ref _heldPages) + search.Pages + ByteTable.FewestPages > _account.LimitPages)
        {
            return false;
        }

        if (isRefused
            ? TryEvictFrom_NeedsLock(ref search, spared)
            : TryEvict_NeedsLock(spared, ByteRemoval.Capacity))
        {
            steps--;
            if (_creditedBytes - search.Credited > search.SqueezeAfter)
            {
                search.Credited = _creditedBytes;
                search.IsSqueezing = !Squeeze_NeedsLock();
                steps -= Batch;
            }

            return true;
        }

        bool isFirst = !search.IsSqueezed;
        search.IsSqueezed = true;
        search.IsSqueezing = isFirst;
        return isFirst;
    }

    /// <summary>
    /// Evicts where the system gives no more addresses: of the next victims the first whose slabs can be used. Where
    /// there is none among them, a bounded number of others makes way.
    /// </summary>
    /// <returns>False where no eviction helps.</returns>
    private bool TryEvictFrom_NeedsLock(ref RoomSearch search, int spared)
    {
        if (search.Pool!.Count < search.Slabs)
        {
            return false;
        }

        Span<int> indexes = stackalloc int[Batch];
        indexes = indexes[.._table.Order.Foresee(indexes)];
        foreach (int index in indexes)
        {
            if (index != spared && IsIn_NeedsLock(search.Pool, index))
            {
                RemoveAt_NeedsLock(index, ByteRemoval.Capacity);
                return true;
            }
        }

        if (spared != ByteOrder.None && IsIn_NeedsLock(search.Pool, spared))
        {
            RemoveAt_NeedsLock(spared, ByteRemoval.Capacity);
            return true;
        }

        return search.Unhelpful++ < Batch && TryEvict_NeedsLock(spared, ByteRemoval.Capacity);
    }

    /// <summary>Whether removing an entry frees memory of a pool: not while readers have it.</summary>
    private bool IsIn_NeedsLock(SlabPool pool, int index)
    {
        ByteSlot* slot = _table.Slot(index);
        var place = new Place(slot->Place);
        return place.IsChain
            ? pool == _pool && _pool.HeaderOf(place.Block)->Leases == 0
            : pool == _blocks.PoolOf(DenseBlocks.ClassFor((int)place.SizeWith(slot->Length)));
    }

    /// <summary>What a write did so far for room. It goes on there after it let the lock go.</summary>
    private struct RoomSearch
    {
        /// <summary>Where slabs are needed from; null before the search began.</summary>
        public SlabPool? Pool;

        /// <summary>How many slabs.</summary>
        public int Slabs;

        /// <summary>Pages that are needed and not held.</summary>
        public int Pages;

        /// <summary>Evicted bytes after which pages that hold nothing are given back.</summary>
        public long SqueezeAfter;

        /// <summary>What the engine had credited when that was last done.</summary>
        public long Credited;

        /// <summary>Whether that is being done.</summary>
        public bool IsSqueezing;

        /// <summary>Whether it was done because nothing was left to evict.</summary>
        public bool IsSqueezed;

        /// <summary>Evictions that did not free what was needed.</summary>
        public int Unhelpful;

        /// <summary>Whether there is no room.</summary>
        public bool IsOver;
    }
}
