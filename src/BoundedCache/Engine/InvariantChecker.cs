namespace BoundedCache.Engine;

/// <summary>
/// Checks the engine's invariants, numbered as in docs/DESIGN.md. Tests call it after every scenario. It holds the
/// lock all the time.
/// </summary>
internal static class InvariantChecker
{
    /// <exception cref="InvalidOperationException">
    /// An invariant does not hold; the message names it and the place.
    /// </exception>
    /// <param name="engine">The engine to check.</param>
    /// <param name="shrinking">Whether a lowered limit is still being evicted down to.</param>
    public static void Check(CacheEngine engine, bool shrinking = false)
    {
        using (engine.Lock.Enter())
        {
            engine.ApplyTouches_NeedsLock();
            HashSet<int> inLists = CheckLists(engine, out long charged);
            CheckChains(engine, inLists);
            CheckChunks(engine, inLists);
            Require(
                engine.Account.Used == charged,
                "I2",
                $"used is {engine.Account.Used}, the charges add up to {charged}");
            Require(
                engine.UsedBytes == charged, "I2", $"published is {engine.UsedBytes}, the charges add up to {charged}");
            Require(
                engine.Account.Count == inLists.Count,
                "I1",
                $"count is {engine.Account.Count}, the lists hold {inLists.Count}");
            Require(
                engine.Count == inLists.Count,
                "I1",
                $"published count is {engine.Count}, the lists hold {inLists.Count}");
            CheckTotals(engine);
            Require(charged >= 0, "I4", $"used is {charged}");
            Require(shrinking || charged <= engine.MaxBytes, "I7", $"used is {charged}, the limit {engine.MaxBytes}");
        }
    }

    private static void CheckTotals(CacheEngine engine)
    {
        EngineTotals totals = engine.ReadTotals();
        (EvictionTotals evictions, EntryTotals left) = (totals.Evictions, totals.Evictions.All);
        Require(
            totals.Insertions - left.Entries == totals.Count,
            "I3",
            $"{totals.Insertions} were stored, {left.Entries} left, and {totals.Count} are there");
        Require(
            left.Bytes == engine.CreditedBytes,
            "I3",
            $"{left.Bytes} bytes left by reason, {engine.CreditedBytes} in all");

        // Differences: sums of declared sizes may pass what a number holds.
        long leastInBulk = evictions.Shrink.Bytes + evictions.Compact.Bytes;
        Require(
            engine.BulkBytes - leastInBulk >= 0 && engine.CreditedBytes - engine.BulkBytes >= 0,
            "I3",
            $"{engine.BulkBytes} bytes left in bulk, {leastInBulk} by a lower limit and Compact, "
                + $"{engine.CreditedBytes} in all");
        Require(
            evictions.Capacity.Entries >= 0,
            "I3",
            $"more left by {evictions.Shrink} and {evictions.Compact} than for lack of capacity");
    }

    private static HashSet<int> CheckLists(CacheEngine engine, out long charged)
    {
        charged = 0;
        var seen = new HashSet<int>();
        foreach (OrderedList list in engine.Order.Lists())
        {
            int newer = AccessOrder.None;
            for (int index = list.Head; index != AccessOrder.None; index = engine.Store.Node(index).Older)
            {
                Require(seen.Add(index), "I1", $"slot {index} is in the lists twice");
                OrderNode node = engine.Store.Node(index);
                Require(node.IsInUse, "I1", $"slot {index} is in a list and not in use");
                Require(
                    (node.Priority, node.IsMain) == (list.Priority, list.IsMain),
                    "I1",
                    $"slot {index} of priority {node.Priority} is in {list}");
                Require(node.Newer == newer, "I1", $"slot {index} follows {newer} and points back to {node.Newer}");
                Require(node.Charge >= 0, "I4", $"slot {index} is charged {node.Charge}");
                charged += node.Charge;
                newer = index;
            }

            Require(list.Tail == newer, "I1", $"the tail of {list} is not its last entry");
        }

        string? fault = engine.Order.FindFault();
        Require(fault is null, "I11", $"{fault}");
        return seen;
    }

    private static void CheckChains(CacheEngine engine, HashSet<int> inLists)
    {
        int inChains = 0;
        for (int bucket = 0; bucket < engine.Index.BucketCount; bucket++)
        {
            int index = engine.Index.Head(bucket);
            int previous = 0;
            while (index > 0)
            {
                Slot slot = engine.Store.Slot(index);
                Require(
                    slot.Previous == previous,
                    "I1",
                    $"slot {index} follows {previous} and points back to {slot.Previous}");
                previous = index;
                Require(inLists.Contains(index), "I1", $"slot {index} is in chain {bucket} and in no list");
                Require(
                    BucketIndex.BucketOf(slot.Hash, engine.Index.BucketCount) == bucket,
                    "I1",
                    $"slot {index} is in the wrong chain {bucket}");
                Require(++inChains <= inLists.Count, "I1", $"chain {bucket} has a cycle, or a slot is in two chains");
                index = slot.Next;
            }

            Require(index == ~bucket, "I8", $"chain {bucket} ends with {index}");
        }

        Require(!engine.Index.IsRelocating, "I8", "a relocation has begun and not ended");
        Require(inChains == inLists.Count, "I1", $"the chains hold {inChains} entries, the lists {inLists.Count}");
    }

    private static void CheckChunks(CacheEngine engine, HashSet<int> inLists)
    {
        (int capacity, int inUse, int chunks) = (0, 0, 0);
        CheckMarks(engine, inLists);
        var open = new HashSet<int>(engine.Allocator.OpenChunks());
        for (int chunk = 1; chunk < engine.Allocator.Numbers; chunk++)
        {
            ChunkState state = engine.Allocator.State(chunk);
            if (state.Length == 0)
            {
                Require(!open.Contains(chunk), "I9", $"chunk {chunk} was given up and is open");
                continue;
            }

            (int used, int expiring) = CheckChunk(engine, inLists, chunk, state);
            Require(used == state.InUse, "I9", $"chunk {chunk} counts {state.InUse} slots in use, has {used}");
            Require(
                expiring == state.Expiring,
                "I9",
                $"chunk {chunk} counts {state.Expiring} expiring entries, has {expiring}");
            Require(
                open.Contains(chunk) == (used < state.Length && chunk != engine.Allocator.Draining),
                "I9",
                $"chunk {chunk} is wrongly open or closed");
            CheckFreeSlots(engine, chunk, state);
            (capacity, inUse, chunks) = (capacity + state.Length, inUse + used, chunks + 1);
        }

        Require(
            capacity == engine.Allocator.Capacity,
            "I9",
            $"capacity is {engine.Allocator.Capacity}, the chunks have {capacity}");
        Require(inUse == engine.Allocator.InUse, "I9", $"{engine.Allocator.InUse} slots count as in use, {inUse} are");
        Require(
            chunks == engine.Allocator.ChunkCount,
            "I9",
            $"{engine.Allocator.ChunkCount} chunks are counted, {chunks} are there");
    }

    private static void CheckMarks(CacheEngine engine, HashSet<int> inLists)
    {
        (int unfinished, int changing, int hot) = (0, 0, 0);
        foreach (int index in inLists)
        {
            Slot slot = engine.Store.Slot(index);
            unfinished += (slot.Flags & SlotFlags.Unfinished) != 0 ? 1 : 0;
            changing += engine.Store.Node(index).CanChange ? 1 : 0;
            hot += engine.Store.Node(index).IsHot ? 1 : 0;
        }

        (int, int, int) counted = (engine.UnfinishedCount, engine.ChangingCount, engine.HotCount);
        Require(
            counted == (unfinished, changing, hot),
            "I10",
            $"{counted} entries count as unfinished, changing and hot, {(unfinished, changing, hot)} are");
    }

    private static (int Used, int Expiring) CheckChunk(
        CacheEngine engine, HashSet<int> inLists, int chunk, ChunkState state)
    {
        (int used, int expiring) = (0, 0);
        int first = chunk << SlotStore.ChunkShift;
        for (int index = first; index < first + state.Length; index++)
        {
            Slot slot = engine.Store.Slot(index);
            Require((slot.Version & 1) == 0, "I8", $"slot {index} has the odd version {slot.Version}");
            bool isInUse = engine.Store.Node(index).IsInUse;
            Require(isInUse == inLists.Contains(index), "I1", $"slot {index} is in use and in no list");
            Require(
                (slot.Flags & SlotFlags.HasDeadline) != 0
                    || engine.Store.Deadlines[chunk].Length == 0
                    || engine.Store.Deadline(index) == long.MaxValue,
                "I9",
                $"slot {index} has a deadline that nothing clears");
            if (!isInUse)
            {
                Require(
                    slot is { Key: null, Value: null, Flags: SlotFlags.None }
                        && engine.MarksOf_NeedsLock(index) == default,
                    "I6",
                    $"slot {index} is free and holds {slot.Key}");
                continue;
            }

            used++;
            expiring += (slot.Flags & SlotFlags.HasDeadline) != 0 ? 1 : 0;
            Require(slot.Key is not null, "I1", $"slot {index} has no key");
            Require(
                (slot.Flags & SlotFlags.HasDetails) == 0 || (slot.Value as EntryDetails)?.Index == index,
                "I5",
                $"slot {index} has others' details");
        }

        return (used, expiring);
    }

    private static void CheckFreeSlots(CacheEngine engine, int chunk, ChunkState state)
    {
        int free = state.Length - state.Fresh;
        for (int index = state.FreeHead; index > 0; index = engine.Store.Node(index).Older)
        {
            Require(index >> SlotStore.ChunkShift == chunk, "I9", $"slot {index} is free in chunk {chunk}");
            Require(!engine.Store.Node(index).IsInUse, "I9", $"slot {index} is free and in use");
            Require(++free <= state.Length, "I9", $"the free slots of chunk {chunk} have a cycle");
        }

        Require(
            free == state.Length - state.InUse,
            "I9",
            $"chunk {chunk} lists {free} free slots, has {state.Length - state.InUse}");
    }

    private static void Require(bool holds, string invariant, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"Invariant {invariant} broken: {otherwise}.");
        }
    }
}
