namespace BoundedCache.Bytes;

/// <summary>Checks the invariants that <see cref="ByteEngine"/> names. For tests.</summary>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>Throws where an invariant does not hold.</summary>
    /// <param name="isQuiet">
    /// Whether no thread works on the engine: then the limit holds too, and every slab has an owner.
    /// </param>
    internal void CheckInvariants(bool isQuiet = true)
    {
        using (_lock.Enter())
        {
            ApplyTouches_NeedsLock();
            Dictionary<int, ByteSlot> used = CheckTable_NeedsLock();
            CheckContent_NeedsLock(used, isQuiet);
            if (isQuiet && _account.Pages > _account.LimitPages && _table.Count > 0 && _space.Refusals == 0)
            {
                throw new InvalidOperationException(
                    $"B4: expected at most {_account.LimitPages} pages, got {_account.Pages}.");
            }
        }
    }

    /// <summary>What an entry without expiration is counted with.</summary>
    /// <param name="keyBytes">The key's length in bytes.</param>
    /// <param name="valueLength">The value's length in bytes.</param>
    internal long ChargeOf(int keyBytes, int valueLength)
    {
        bool isChain = sizeof(int) + (long)keyBytes + valueLength > DenseBlocks.LargestContent;
        return FootprintOf(new Place(Place.Pack(null, isChain ? Place.Chain : 0, keyBytes)), valueLength);
    }

    private static void Ensure(bool holds, string rule)
    {
        if (!holds)
        {
            throw new InvalidOperationException(rule);
        }
    }

    private Dictionary<int, ByteSlot> CheckTable_NeedsLock()
    {
        var used = new Dictionary<int, ByteSlot>();
        for (int index = 1; index < _table.End; index++)
        {
            ByteSlot slot = *_table.Slot(index);
            Ensure((slot.Version & 1) == 0, "B5: a slot's version is odd");
            if (slot.Place != 0)
            {
                used.Add(index, slot);
            }
        }

        Ensure(used.Count == _table.Count && _table.Count == Count, "B1: the count is not that of the slots in use");
        List<int> ordered = [];
        string? fault = _table.FindFault() ?? _table.Order.FindFault(ordered);
        Ensure(fault is null, $"B1: {fault}");
        Ensure((_table.Index.Relocations & 1) == 0, "B5: a relocation did not end");
        var chained = new HashSet<int>();
        for (int bucket = 0; bucket < _table.Index.Count; bucket++)
        {
            int index = *_table.Index.TryHead(bucket);
            while (index > 0)
            {
                Ensure(used.ContainsKey(index) && chained.Add(index), "B1: a chain holds a free slot, or one twice");
                Ensure(
                    ByteIndex.BucketOf(used[index].Hash, _table.Index.Count) == bucket,
                    "B1: a slot is in another chain");
                index = used[index].Next;
            }

            Ensure(index == ~bucket, "B1: a chain ends with another bucket's number");
        }

        Ensure(chained.Count == used.Count, "B1: an entry is in no chain");
        Ensure(ordered.Count == used.Count && used.Keys.ToHashSet().SetEquals(ordered), "B1: the order has others");
        Ensure(
            used.Values.Count(static slot => new Place(slot.Place).HasDeadline) == _expiring, "B1: expiring entries");
        return used;
    }

    private void CheckContent_NeedsLock(Dictionary<int, ByteSlot> used, bool isQuiet)
    {
        var owned = new HashSet<int>();
        _blocks.Walk((block, owner, size) =>
        {
            Ensure(used.TryGetValue(owner, out ByteSlot slot) && owned.Add(owner), "B2: a block of no entry, or two");
            var place = new Place(slot.Place);
            Ensure((nint)place.Block == block, "B2: a block's owner is elsewhere");
            Ensure(
                place.SizeWith(slot.Length) <= size - DenseBlocks.CanarySize, "B2: an entry is larger than its block");
        });
        var slabs = new HashSet<(SlabPool Pool, int Slab)>();
        void Own(SlabPool pool, int slab) => Ensure(slabs.Add((pool, slab)), "B3: a slab has two owners");
        long pages = (_table.Bytes / _account.PageSize) + _account.LeavingPages;
        foreach ((SlabPool pool, int slab) in _blocks.Slabs)
        {
            Own(pool, slab);
            pages += ((SlabHeader*)pool.Address(slab))->Pages;
        }

        foreach ((int index, ByteSlot slot) in used.Where(pair => !owned.Contains(pair.Key)))
        {
            var place = new Place(slot.Place);
            Ensure(((BlockHeader*)place.Block)->Owner == index, "B2: a block's owner is elsewhere");
            SlabHeader* header = _pool.HeaderOf(place.Block);
            Ensure(place.IsChain && header->IsWhole, "B2: an entry's block is in no class");
            int links = SlabsOf(place.SizeWith(slot.Length));
            for (int slab = header->Number; slab >= 0; slab = header->Link)
            {
                header = (SlabHeader*)_pool.Address(slab);
                Own(_pool, slab);
                pages += header->Pages;
                links--;
            }

            Ensure(links == 0, "B2: a value has other slabs than it needs");
        }

        long free = 0;
        foreach (SlabPool pool in (SlabPool[])[_pool, _largePool])
        {
            foreach (int slab in pool.Resident)
            {
                Own(pool, slab);
                free += ((SlabHeader*)pool.Address(slab))->Pages;
            }

            foreach (int slab in pool.Empty)
            {
                Own(pool, slab);
            }
        }

        Ensure(free == _account.FreePages, "B4: the free pages are not those of the free slabs");

        // Values that are being written or leased own slabs that no entry leads to.
        int made = _pool.Count + _largePool.Count;
        Ensure(slabs.Count <= made, "B3: more slabs than were made");
        Ensure(!isQuiet || slabs.Count == made, "B3: a slab has no owner");
        Ensure(
            _account.Pages >= pages + free && (slabs.Count < made || _account.Pages == pages + free),
            $"B4: expected {pages + free} pages, got {_account.Pages}");
    }
}
