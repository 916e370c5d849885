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

    /// <summary>Fills all holes, whoever works in bulk, and gives back pages that no block needs.</summary>
    public void Squeeze()
    {
        int looks = int.MaxValue;
        foreach (ref SizeClass c in _classes.AsSpan())
        {
            while (c.Holes > 0)
            {
                _ = TryFillOne(ref c, ref looks);
            }

            if (c.SlabCount > 0)
            {
                byte* last = Address(ref c, c.Count - 1);
                SlabHeader* header = c.Pool.HeaderOf(last);
                c.Pool.GiveBackBeyond(header, account.PagesOf(last - (byte*)header + c.Size));
            }
        }
    }

    /// <summary>Fills one hole with the last block, or drops it where it is last itself.</summary>
    /// <param name="c">The class, which has holes.</param>
    /// <param name="looks">Blocks that may be looked at for a hole.</param>
    /// <returns>False where those were too few.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryFillOne(ref SizeClass c, ref int looks)
    {
        int last = c.Count - 1;
        switch (((BlockHeader*)Address(ref c, last))->Owner)
        {
            case BlockHeader.Hole:
                Unlink(ref c, last);
                break;
            case BlockHeader.MarkedHole:
                Unmark(ref c);
                break;
            default:
                if (!TryFindHole(ref c, ref looks, out int hole))
                {
                    return false;
                }

                Move(ref c, last, hole);
                break;
        }

        c.Count--;
        ReturnSlabs(ref c);
        return true;
    }

    /// <summary>Takes a hole to fill: marked ones first, because writers take those in the list.</summary>
    private bool TryFindHole(ref SizeClass c, ref int looks, out int hole)
    {
        if (c.Holes == c.Listed)
        {
            hole = c.FirstHole;
            Unlink(ref c, hole);
            return true;
        }

        for (hole = c.Low; ((BlockHeader*)Address(ref c, hole))->Owner != BlockHeader.MarkedHole; hole++)
        {
            if (looks-- <= 0)
            {
                c.Low = hole;
                return false;
            }
        }

        c.Low = hole + 1;
        Unmark(ref c);
        return true;
    }

    private void Mark(ref SizeClass c, int at, BlockHeader* hole)
    {
        hole->Owner = BlockHeader.MarkedHole;
        c.Low = c.Holes == c.Listed ? at : Math.Min(c.Low, at);
        c.Holes++;
        HoleBytes += c.Size;
    }

    private void Unmark(ref SizeClass c)
    {
        c.Holes--;
        HoleBytes -= c.Size;
    }

    private void Link(ref SizeClass c, int at, BlockHeader* hole)
    {
        hole->Owner = BlockHeader.Hole;
        hole->NextHole = c.Listed > 0 ? c.FirstHole : -1;
        hole->Deadline = -1;
        if (c.Listed > 0)
        {
            ((BlockHeader*)Address(ref c, c.FirstHole))->Deadline = at;
        }

        c.FirstHole = at;
        c.Listed++;
        c.Holes++;
        HoleBytes += c.Size;
    }

    private void Unlink(ref SizeClass c, int at)
    {
        var hole = (BlockHeader*)Address(ref c, at);
        Debug.Assert(hole->Owner == BlockHeader.Hole, "A block in use is no hole.");
        int previous = (int)hole->Deadline;
        int next = hole->NextHole;
        if (previous < 0)
        {
            c.FirstHole = next;
        }
        else
        {
            ((BlockHeader*)Address(ref c, previous))->NextHole = next;
        }

        if (next >= 0)
        {
            ((BlockHeader*)Address(ref c, next))->Deadline = previous;
        }

        c.Listed--;
        Unmark(ref c);
    }
}
