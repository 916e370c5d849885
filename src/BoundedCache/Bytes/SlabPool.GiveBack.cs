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
        if (excess > 0 && space.TryGiveBack(
            (nint)header + ((nint)pages * account.PageSize), (nuint)excess * (nuint)account.PageSize))
        {
            header->Pages = pages;
            account.Add(-excess);
        }
    }

    /// <summary>Gives free slabs back, at once.</summary>
    /// <param name="most">The most slabs to give back now.</param>
    /// <returns>Whether none is left, or the system takes none.</returns>
    public bool GiveBackSome(int most)
    {
        while (_resident.Count > 0 && most-- > 0)
        {
            if (!TryGiveBackOne())
            {
                return true;
            }
        }

        return _resident.Count == 0;
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
        _leavingPages = 0;
        for (int i = 0; i < count; i++)
        {
            _leaving[i] = _resident[first + i];
            _leavingPages += ((SlabHeader*)Address(_leaving[i]))->Pages;
        }

        account.FreePages -= _leavingPages;
        account.LeavingPages += _leavingPages;
        _resident.RemoveRange(first, count);
        _leavingCount = count;
        return true;
    }

    /// <summary>Gives them back, in runs of neighbours. Without the lock, by the thread that took them.</summary>
    /// <returns>The pages that were given back: of all of them, unless the system does not take some.</returns>
    public long GiveBackLeaving()
    {
        Span<int> slabs = _leaving.AsSpan(0, _leavingCount);
        slabs.Sort();
        long pages = _leavingPages;
        for (int i = 0; i < slabs.Length;)
        {
            int end = i + 1;
            while (end < slabs.Length && Address(slabs[end]) == Address(slabs[end - 1]) + slabSize)
            {
                end++;
            }

            pages -= GiveBackRun(slabs[i..end]);
            i = end;
        }

        return pages;
    }

    /// <summary>Gives neighbours back. Those that the system does not take are replaced by their complements.</summary>
    /// <returns>The pages that stay.</returns>
    private long GiveBackRun(Span<int> slabs)
    {
        if (slabs.Length > 1
            && space.TryGiveBack((nint)Address(slabs[0]), (nuint)slabs.Length * (nuint)slabSize))
        {
            return 0;
        }

        long stay = 0;
        foreach (ref int slab in slabs)
        {
            var header = (SlabHeader*)Address(slab);
            int pages = header->Pages;
            if (!space.TryGiveBack((nint)header, (nuint)slabSize))
            {
                // Some of it may have been zeroed; a slab that is zeroed whole was given back.
                header->Pages = pages;
                stay += pages;
                slab = ~slab;
            }
        }

        return stay;
    }

    /// <summary>Ends what <see cref="BeginLeaving"/> began.</summary>
    /// <param name="pages">The pages that were given back.</param>
    /// <returns>Whether these were all.</returns>
    public bool EndLeaving(long pages)
    {
        for (int i = 0; i < _leavingCount; i++)
        {
            int slab = _leaving[i];
            (slab < 0 ? _resident : _empty).Add(slab < 0 ? ~slab : slab);
        }

        long stay = _leavingPages - pages;
        _leavingCount = 0;
        account.LeavingPages -= _leavingPages;
        account.FreePages += stay;
        account.Add(-pages);
        return stay == 0;
    }

    /// <summary>
    /// Whether the limit has room for so many more pages. Free slabs that are resident are given back for them: whoever
    /// asks the account alone finds no room beside them.
    /// </summary>
    public bool TryMakeWay(int pages) => account.MayUse(pages) && MakeTouchable(pages);

    /// <summary>Gives free slabs back until so many pages may become resident.</summary>
    private bool MakeTouchable(int pages)
    {
        while (pages > 0 && !account.MayTouch(pages))
        {
            SlabPool? free = _resident.Count > 0 ? this : Other?._resident.Count > 0 ? Other : null;
            if (free is null || !free.TryGiveBackOne())
            {
                return false;
            }
        }

        return true;
    }

    private bool TryGiveBackOne()
    {
        int slab = _resident[^1];
        var header = (SlabHeader*)Address(slab);
        int pages = header->Pages;
        if (!space.TryGiveBack((nint)header, (nuint)slabSize))
        {
            header->Pages = pages;
            return false;
        }

        _resident.RemoveAt(_resident.Count - 1);
        account.FreePages -= pages;
        account.Add(-pages);
        _empty.Add(slab);
        return true;
    }
}
