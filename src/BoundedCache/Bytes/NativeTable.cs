using System.Runtime.CompilerServices;

namespace BoundedCache.Bytes;

/// <summary>
/// A growing array of structs in native memory. Elements never move, and their memory is never used for anything else,
/// so a reader without the lock always reads an element: one in use, one that was, or zeros.
/// </summary>
/// <param name="space">Where the memory comes from.</param>
/// <param name="account">Where its pages are counted.</param>
/// <param name="stride">The size of an element in bytes.</param>
internal sealed unsafe class NativeTable(AddressSpace space, PageAccount account, int stride)
{
    private const int RegionShift = 17;
    private const int RegionMask = (1 << RegionShift) - 1;

    /// <summary>The most pages at the end that may be unused before they are given back.</summary>
    private const int MostSlackPages = 16;

    private nint[] _regions = [];
    private int _pages;

    /// <summary>A small cache has several tables, too, and no room to leave so much of it unused.</summary>
    private int SlackPages => (int)Math.Clamp(account.LimitPages / 64, 1, MostSlackPages);

    /// <summary>Resident bytes.</summary>
    public long Bytes => (long)Volatile.Read(ref _pages) * account.PageSize;

    /// <summary>The address of an element that exists. Under the lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* At(int index) => (byte*)_regions[index >> RegionShift] + ((long)(index & RegionMask) * stride);

    /// <summary>The address of an element by an index that may be wrong. Without the lock.</summary>
    /// <returns>An address that can be read; null where there is none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* TryAt(int index)
    {
        nint[] regions = _regions;
        uint region = (uint)index >> RegionShift;
        return region < (uint)regions.Length
            ? (byte*)regions[region] + ((long)(index & RegionMask) * stride)
            : null;
    }

    /// <summary>Pages that become resident when the table holds so many elements. Under the lock.</summary>
    public int PagesToGrow(int count) => Math.Max(0, account.PagesOf((long)count * stride) - _pages);

    /// <summary>Makes the elements below <paramref name="count"/> usable. Under the lock.</summary>
    /// <returns>False where the system refuses address space.</returns>
    public bool TryGrow(int count)
    {
        int regions = (int)(((long)count + RegionMask) >> RegionShift);
        if (regions > _regions.Length)
        {
            nint region = space.TryMap((nuint)stride << RegionShift, (nuint)account.PageSize);
            if (region == 0)
            {
                return false;
            }

            Volatile.Write(ref _regions, [.. _regions, region]);
        }

        int pages = PagesToGrow(count);
        if (pages > 0)
        {
            account.Add(pages);
            Volatile.Write(ref _pages, _pages + pages);
        }

        return true;
    }

    /// <summary>Pages beyond so many elements, less those that are always kept. Under the lock.</summary>
    public int ExcessPages(int count) => Math.Max(0, _pages - account.PagesOf((long)count * stride) - SlackPages);

    /// <summary>Gives the pages back that lie beyond so many elements, if they are many. Under the lock.</summary>
    /// <param name="count">Elements that stay.</param>
    /// <param name="all">Whether few pages are given back as well.</param>
    public void Shrink(int count, bool all = false)
    {
        int keep = account.PagesOf((long)count * stride);
        if (_pages - keep < (all ? 1 : SlackPages))
        {
            return;
        }

        long regionPages = ((long)stride << RegionShift) / account.PageSize;
        int end = _pages;
        while (end > keep)
        {
            long region = (end - 1) / regionPages;
            int page = (int)Math.Max(keep, region * regionPages);
            if (!space.TryGiveBack(
                _regions[region] + (nint)((page - (region * regionPages)) * account.PageSize),
                (nuint)((long)(end - page) * account.PageSize)))
            {
                // They stay, and are counted.
                break;
            }

            end = page;
        }

        account.Add(end - _pages);
        Volatile.Write(ref _pages, end);
    }
}
