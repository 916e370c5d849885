using System.Diagnostics;

namespace BoundedCache.Bytes;

/// <summary>Holes that bulk work leaves, and filling them.</summary>
internal sealed unsafe partial class DenseBlocks
{
    /// <summary>From now on freed blocks stay holes.</summary>
    public void BeginBulk() => _bulk++;

    /// <summary>Ends that; <see cref="Compact"/> follows.</summary>
    public void EndBulk() => _bulk--;

    /// <summary>Fills holes.</summary>
    /// <param name="moves">The most holes to fill now.</param>
    /// <returns>Whether there are no holes any more, or they must stay because bulk work goes on.</returns>
    public bool Compact(int moves)
    {
        if (_bulk > 0 || HoleBytes == 0)
        {
            return true;
        }

        foreach (ref SizeClass c in _classes.AsSpan())
        {
            while (c.Holes > 0)
            {
                if (moves-- <= 0)
                {
                    return false;
                }

                FillOne(ref c);
            }
        }

        return true;
    }

    /// <summary>Fills all holes, whoever works in bulk, and gives back pages that no block needs.</summary>
    public void Squeeze()
    {
        foreach (ref SizeClass c in _classes.AsSpan())
        {
            while (c.Holes > 0)
            {
                FillOne(ref c);
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
    private void FillOne(ref SizeClass c)
    {
        int last = c.Count - 1;
        if (((BlockHeader*)Address(ref c, last))->Owner == BlockHeader.Hole)
        {
            Unlink(ref c, last);
        }
        else
        {
            int hole = c.FirstHole;
            Unlink(ref c, hole);
            Move(ref c, last, hole);
        }

        c.Count--;
        ReturnSlabs(ref c);
    }

    private void Link(ref SizeClass c, int at, BlockHeader* hole)
    {
        hole->Owner = BlockHeader.Hole;
        hole->NextHole = c.Holes > 0 ? c.FirstHole : -1;
        hole->Deadline = -1;
        if (c.Holes > 0)
        {
            ((BlockHeader*)Address(ref c, c.FirstHole))->Deadline = at;
        }

        c.FirstHole = at;
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

        c.Holes--;
        HoleBytes -= c.Size;
    }
}
