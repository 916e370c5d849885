using System.Diagnostics;

namespace BoundedCache.Bytes;

/// <summary>Giving free slabs back to the system.</summary>
internal sealed unsafe partial class SlabPool
{
    /// <summary>Gives a slab's pages back beyond those that are needed. The slab stays in use.</summary>
    public void GiveBackBeyond(SlabHeader* header, int pages)
    {
        Debug.Assert(pages > 0, "The header stays.");
        int excess = header->Pages - pages;
        if (excess > 0)
        {
            space.GiveBack((nint)header + ((nint)pages * account.PageSize), (nuint)excess * (nuint)account.PageSize);
            header->Pages = pages;
            account.Add(-excess);
        }
    }

    /// <summary>Gives all free slabs back, at once.</summary>
    public void GiveBackAll()
    {
        while (_resident.Count > 0)
        {
            GiveBackOne();
        }
    }

    /// <summary>Sorts the free slabs, so that they can be given back in long runs.</summary>
    public void Sort() => _resident.Sort();

    /// <summary>Takes free slabs that are to be given back without the lock.</summary>
    /// <param name="all">Whether none is kept for the next writes.</param>
    /// <returns>
    /// Whether there are any. Then <see cref="GiveBackLeaving"/> and <see cref="EndLeaving"/> follow.
    /// </returns>
    public bool BeginLeaving(bool all)
    {
        Debug.Assert(_leavingCount == 0, "One thread at a time gives back.");
        int count = Math.Min(_leaving.Length, _resident.Count - (all ? 0 : KeptBytes / slabSize));
        if (count <= 0)
        {
            return false;
        }

        int first = _resident.Count - count;
        for (int i = 0; i < count; i++)
        {
            _leaving[i] = _resident[first + i];
            int pages = ((SlabHeader*)Address(_leaving[i]))->Pages;
            account.FreePages -= pages;
            account.LeavingPages += pages;
        }

        _resident.RemoveRange(first, count);
        _leavingCount = count;
        return true;
    }

    /// <summary>Gives them back, in runs of neighbours. Without the lock, by the thread that took them.</summary>
    /// <returns>The pages that were given back.</returns>
    public long GiveBackLeaving()
    {
        Span<int> slabs = _leaving.AsSpan(0, _leavingCount);
        slabs.Sort();
        long pages = 0;
        foreach (int slab in slabs)
        {
            pages += ((SlabHeader*)Address(slab))->Pages;
        }

        for (int i = 0; i < slabs.Length;)
        {
            int end = i + 1;
            while (end < slabs.Length && Address(slabs[end]) == Address(slabs[end - 1]) + slabSize)
            {
                end++;
            }

            space.GiveBack((nint)Address(slabs[i]), (nuint)(end - i) * (nuint)slabSize);
            i = end;
        }

        return pages;
    }

    /// <summary>Ends what <see cref="BeginLeaving"/> began.</summary>
    public void EndLeaving(long pages)
    {
        for (int i = 0; i < _leavingCount; i++)
        {
            _empty.Add(_leaving[i]);
        }

        _leavingCount = 0;
        account.LeavingPages -= pages;
        account.Add(-pages);
    }

    /// <summary>Gives free slabs back until so many pages may become resident.</summary>
    private bool MakeTouchable(int pages)
    {
        while (pages > 0 && !account.MayTouch(pages))
        {
            SlabPool? free = _resident.Count > 0 ? this : Other?._resident.Count > 0 ? Other : null;
            if (free is null)
            {
                return false;
            }

            free.GiveBackOne();
        }

        return true;
    }

    private void GiveBackOne()
    {
        int slab = _resident[^1];
        _resident.RemoveAt(_resident.Count - 1);
        var header = (SlabHeader*)Address(slab);
        int pages = header->Pages;
        space.GiveBack((nint)header, (nuint)slabSize);
        account.FreePages -= pages;
        account.Add(-pages);
        _empty.Add(slab);
    }
}
