using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Bytes;

/// <summary>Free slots, and giving up those that the entries do not need.</summary>
/// <remarks>
/// Free slots are listed. Of those that work in bulk frees, only the first are: what writers may need meanwhile. The
/// others are marked, so that neither freeing nor giving them up loads a neighbour from memory. An entry only ever
/// moves to a lower slot: walks over the slots, which go from the highest to the lowest, rely on it.
/// </remarks>
internal sealed unsafe partial class ByteTable
{
    /// <summary>Free slots that work in bulk lists.</summary>
    private const int MostListed = 1024;

    /// <summary>In a free slot's hash: it is marked, and in no list.</summary>
    private const int Marked = -1;

    /// <summary>Slots looked at for each marked one that may be found, so that a call is bounded.</summary>
    private const int LooksPerSlot = 16;

    /// <summary>Slots between one that is given up and one whose neighbours are loaded.</summary>
    private const int DropsAhead = 16;

    private int _firstFree;
    private int _listed;
    private int _marked;

    /// <summary>No marked slot lies before this one.</summary>
    private int _low;

    /// <summary>Shrinks what is much larger than the entries need, by a number of steps.</summary>
    /// <returns>Whether nothing is left to do.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Trim(int steps, bool all = false)
    {
        if (Count == 0 && all)
        {
            DropAll();
            return true;
        }

        Index.Adjust(Count, steps, _mayTouch);
        int looks = steps * LooksPerSlot;
        for (int least = 1 + Count + (all ? 0 : Slack); End > least;)
        {
            if (steps-- <= 0)
            {
                return false;
            }

            if (TryDropMarked())
            {
                continue;
            }

            PrefetchDrop(End - 1 - DropsAhead);
            if (!TryDropLast(ref looks))
            {
                return false;
            }
        }

        while (_marked > 0)
        {
            if (steps-- <= 0 || !TryTakeMarked(ref looks, out int index))
            {
                return false;
            }

            LinkFree(index, Slot(index));
        }

        Slots.Shrink(End, all);
        _nodes.Shrink(End, all);
        ShrinkOrder(all);
        Index.Shrink();
        return Index.Count <= 16 || 3L * Count >= Index.Count;
    }

    private void DropAll()
    {
        (_firstFree, _listed, _marked) = (0, 0, 0);
        Order.End = 1;
        Slots.Shrink(0, all: true);
        _nodes.Shrink(0, all: true);
        ShrinkOrder(all: true);
        Index.DropAll();
    }

    /// <summary>Loads what giving up a slot needs, so that the waits overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PrefetchDrop(int index)
    {
        if (index <= 0)
        {
            return;
        }

        ByteSlot* slot = Slot(index);
        if (slot->Place != 0)
        {
            ByteOrder.Prefetch(new Place(slot->Place).Block);
            ByteOrder.Prefetch(Index.TryHead(ByteIndex.BucketOf(slot->Hash, Index.Count)));
            Order.PrefetchRelocate(index);
        }
        else if (slot->Hash != Marked)
        {
            ByteOrder.Prefetch(Slot(slot->Hash));
            ByteOrder.Prefetch(Slot(slot->Length));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryDropMarked()
    {
        ByteSlot* last = Slot(End - 1);
        if (last->Hash != Marked || last->Place != 0)
        {
            return false;
        }

        _marked--;
        Order.End--;
        return true;
    }

    /// <summary>Gives up the last slot, which is not marked. Its entry moves into a free one.</summary>
    /// <param name="looks">Slots that may be looked at to find one.</param>
    /// <returns>False where those were too few.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryDropLast(ref int looks)
    {
        int last = End - 1;
        ByteSlot* from = Slot(last);
        if (from->Place == 0)
        {
            UnlinkFree(last);
            Order.End--;
            return true;
        }

        int to = _firstFree;
        if (_marked == 0)
        {
            UnlinkFree(to);
        }
        else if (!TryTakeMarked(ref looks, out to))
        {
            return false;
        }

        Relocate(last, to);
        Order.End--;
        return true;
    }

    private void Relocate(int last, int to)
    {
        ByteSlot* from = Slot(last);
        ByteSlot* target = Slot(to);
        Index.BeginRelocation();
        ByteSlot.Begin(target);
        target->Hash = from->Hash;
        target->Length = from->Length;
        target->Place = from->Place;
        Volatile.Write(ref target->Next, from->Next);
        ByteSlot.End(target);
        ((BlockHeader*)new Place(from->Place).Block)->Owner = to;
        Index.Replace(last, to);
        Order.Relocate(last, to);
        ByteSlot.Begin(from);
        from->Place = 0;
        ByteSlot.End(from);
        Index.EndRelocation();
    }

    /// <summary>Lists a marked slot, if one is found soon.</summary>
    private bool TryList()
    {
        int looks = 8 * LooksPerSlot;
        if (_marked == 0 || !TryTakeMarked(ref looks, out int index))
        {
            return false;
        }

        LinkFree(index, Slot(index));
        return true;
    }

    /// <summary>Takes the first marked slot, which is in use or listed next. There is one.</summary>
    private bool TryTakeMarked(ref int looks, out int index)
    {
        for (index = _low; Slot(index)->Place != 0 || Slot(index)->Hash != Marked; index++)
        {
            if (looks-- <= 0)
            {
                _low = index;
                return false;
            }
        }

        _low = index + 1;
        _marked--;
        return true;
    }

    private void MarkFree(int index, ByteSlot* slot)
    {
        slot->Hash = Marked;
        _low = _marked == 0 ? index : Math.Min(_low, index);
        _marked++;
    }

    private void LinkFree(int index, ByteSlot* slot)
    {
        slot->Hash = 0;
        slot->Length = _firstFree;
        if (_firstFree != 0)
        {
            Slot(_firstFree)->Hash = index;
        }

        _firstFree = index;
        _listed++;
    }

    private void UnlinkFree(int index)
    {
        ByteSlot* slot = Slot(index);
        Debug.Assert(slot->Place == 0 && slot->Hash != Marked, "A slot in use, or marked, is in no list.");
        int previous = slot->Hash;
        int next = slot->Length;
        if (previous != 0)
        {
            Slot(previous)->Length = next;
        }
        else
        {
            _firstFree = next;
        }

        if (next != 0)
        {
            Slot(next)->Hash = previous;
        }

        _listed--;
    }

    /// <summary>Checks the free slots, for tests.</summary>
    /// <returns>What is wrong; null for nothing.</returns>
    internal string? FindFault()
    {
        int listed = 0;
        for (int index = _firstFree; index != 0; index = Slot(index)->Length)
        {
            listed++;
        }

        int marked = 0;
        for (int index = 1; index < End; index++)
        {
            if (Slot(index)->Place == 0 && Slot(index)->Hash == Marked)
            {
                marked++;
                if (index < _low)
                {
                    return "a marked slot lies before the first one";
                }
            }
        }

        return listed != _listed || marked != _marked ? "other slots are listed or marked than are counted"
            : listed + marked != End - 1 - Count ? "a slot is neither free nor in use"
            : null;
    }
}
