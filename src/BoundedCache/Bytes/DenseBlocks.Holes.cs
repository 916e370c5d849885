using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Bytes;

/// <summary>Holes that bulk work leaves, and filling them.</summary>
internal sealed unsafe partial class DenseBlocks
{
    /// <summary>The most holes of a class that are listed: what writers may need while others work in bulk.</summary>
    private const int MostListed = 1024;

    /// <summary>Blocks looked at for each hole that may be filled, so that a call is bounded.</summary>
    private const int LooksPerMove = 8;

    /// <summary>
    /// Whether filling holes makes room where a class has none, so that nothing has to be evicted: they are more than
    /// slabs that are not full hold.
    /// </summary>
    public bool HasRoomInHoles => HoleBytes > 2 * SlabPool.LargeSlab;

    /// <summary>Whether freed blocks stay holes.</summary>
    public bool IsInBulk => _bulk > 0;

    /// <summary>From now on freed blocks stay holes.</summary>
    public void BeginBulk() => _bulk++;

    /// <summary>Ends that; <see cref="Compact"/> follows.</summary>
    public void EndBulk() => _bulk--;

    /// <summary>Fills holes, unless bulk work goes on that makes more.</summary>
    /// <param name="moves">The most holes to fill now.</param>
    /// <returns>Whether there are no holes any more, or they must stay because bulk work goes on.</returns>
    public bool Compact(int moves) => _bulk > 0 || Fill(moves);

    /// <summary>Fills holes, whoever works in bulk.</summary>
    /// <param name="moves">The most holes to fill now.</param>
    /// <returns>Whether there are no holes any more.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Fill(int moves)
    {
        if (HoleBytes == 0)
        {
            return true;
        }

        int looks = moves * LooksPerMove;
        foreach (ref SizeClass c in _classes.AsSpan())
        {
            while (c.Holes > 0)
            {
                if (moves-- <= 0 || !TryFillOne(ref c, ref looks))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>
    /// Fills holes, also while bulk work is under way, and then gives back the pages that no block needs.
    /// </summary>
    /// <param name="moves">The most holes to fill now.</param>
    /// <returns>Whether nothing is left to do.</returns>
    public bool Squeeze(int moves)
    {
        if (!Fill(moves))
        {
            return false;
        }

        foreach (ref SizeClass c in _classes.AsSpan())
        {
            if (c.SlabCount > 0)
            {
                byte* last = Address(ref c, c.Count - 1);
                SlabHeader* header = c.Pool.HeaderOf(last);
                c.Pool.GiveBackBeyond(header, account.PagesOf(last - (byte*)header + c.Size));
            }
        }

        return true;
    }

    /// <summary>Fills one hole with the last block, or drops it where it is last itself.</summary>
    /// <param name="c">The class, which has holes.</param>
    /// <param name="looks">Blocks that may be looked at for a hole.</param>
    /// <returns>False where those were too few.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryFillOne(ref SizeClass c, ref int looks)
    {
        byte* last = Address(ref c, c.Count - 1);
        if (((BlockHeader*)last)->Owner == BlockHeader.Hole)
        {
            Unlink(ref c, (BlockHeader*)last);
        }
        else if (IsLeft(last))
        {
            CountFilled(ref c, last);
        }
        else if (TryFindHole(ref c, ref looks, out byte* hole))
        {
            Move(ref c, last, hole);
        }
        else
        {
            return false;
        }

        c.Count--;
        ReturnSlabs(ref c);
        return true;
    }

    /// <summary>
    /// Whether an entry left this block, which is in no list. Nothing was written to it: its slot leads elsewhere.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsLeft(byte* block)
    {
        var slot = (ByteSlot*)slots.TryAt(((BlockHeader*)block)->Owner);
        return slot is null || new Place(slot->Place).Block != block;
    }

    /// <summary>Takes a hole to fill: those in no list first, because writers take those in the list.</summary>
    private bool TryFindHole(ref SizeClass c, ref int looks, out byte* hole)
    {
        hole = c.FirstHole;
        if (c.Holes == c.Listed)
        {
            Unlink(ref c, (BlockHeader*)hole);
            return true;
        }

        int at = c.Low;
        while (((BlockHeader*)(hole = Address(ref c, at)))->Owner == BlockHeader.Hole || !IsLeft(hole))
        {
            at++;
            if (looks-- <= 0)
            {
                c.Low = at;
                return false;
            }
        }

        c.Low = at + 1;
        CountFilled(ref c, hole);
        return true;
    }

    private void Leave(ref SizeClass c, SlabHeader* header)
    {
        int first = header->Link * c.PerSlab;
        c.Low = c.Holes == c.Listed ? first : Math.Min(c.Low, first);
        c.Holes++;
        HoleBytes += c.Size;
        if (++header->Left == c.PerSlab)
        {
            DropSlab(ref c, header);
        }
    }

    private void CountFilled(ref SizeClass c, byte* hole)
    {
        c.Pool.HeaderOf(hole)->Left--;
        CountFilled(ref c, 1);
    }

    private void CountFilled(ref SizeClass c, int holes)
    {
        c.Holes -= holes;
        HoleBytes -= (long)holes * c.Size;
    }

    /// <summary>
    /// Takes a slab out of its class whose blocks were all left. The last slab but one takes its place, and the last,
    /// which need not be full, stays the last.
    /// </summary>
    private void DropSlab(ref SizeClass c, SlabHeader* header)
    {
        int place = header->Link;
        int slab = c.Slabs[place];
        foreach (int from in (ReadOnlySpan<int>)[c.SlabCount - 2, c.SlabCount - 1])
        {
            if (from > place)
            {
                c.Slabs[place] = c.Slabs[from];
                ((SlabHeader*)c.Pool.Address(c.Slabs[place]))->Link = place;
                c.Low = Math.Min(c.Low, place * c.PerSlab);
                place = from;
            }
        }

        c.SlabCount--;
        c.Count -= c.PerSlab;
        header->Left = 0;
        CountFilled(ref c, c.PerSlab);
        c.Pool.Return(slab);
    }

    private void Link(ref SizeClass c, BlockHeader* hole)
    {
        hole->Owner = BlockHeader.Hole;
        hole->NextHole = c.Listed > 0 ? (long)c.FirstHole : 0;
        hole->PreviousHole = 0;
        if (c.Listed > 0)
        {
            ((BlockHeader*)c.FirstHole)->PreviousHole = (long)hole;
        }

        c.FirstHole = (byte*)hole;
        c.Listed++;
        c.Holes++;
        HoleBytes += c.Size;
    }

    private void Unlink(ref SizeClass c, BlockHeader* hole)
    {
        Debug.Assert(hole->Owner == BlockHeader.Hole, "A block in use is no hole.");
        (long previous, long next) = (hole->PreviousHole, hole->NextHole);
        if (previous == 0)
        {
            c.FirstHole = (byte*)next;
        }
        else
        {
            ((BlockHeader*)previous)->NextHole = next;
        }

        if (next != 0)
        {
            ((BlockHeader*)next)->PreviousHole = previous;
        }

        c.Listed--;
        CountFilled(ref c, 1);
    }
}
