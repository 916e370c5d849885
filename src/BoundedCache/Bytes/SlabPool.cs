using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Bytes;

/// <summary>What stands at the beginning of a slab. Written under the engine's lock.</summary>
[StructLayout(LayoutKind.Explicit, Size = SlabPool.HeaderSize)]
internal struct SlabHeader
{
    /// <summary>
    /// The size class of the slab's blocks; of a slab that one value has for itself the complement of its number.
    /// </summary>
    [FieldOffset(0)]
    public int Class;

    /// <summary>The slab's place in its class; of a whole slab the next one of its value, or -1.</summary>
    [FieldOffset(4)]
    public int Link;

    /// <summary>Pages of the slab that are resident.</summary>
    [FieldOffset(8)]
    public int Pages;

    /// <summary>
    /// In the first slab of a value that has several: its readers, and <see cref="Orphaned"/> where its entry is gone.
    /// </summary>
    [FieldOffset(12)]
    public int Leases;

    /// <summary>In a slab of a class: its holes that are in no list.</summary>
    [FieldOffset(12)]
    public int Left;

    public const int Orphaned = 1 << 30;

    public readonly bool IsWhole => Class < 0;

    public readonly int Number => ~Class;
}

/// <summary>
/// Slabs of one size: address space, which of them are free, and which of those are still resident. All under the
/// engine's lock, except <see cref="GiveBackLeaving"/>.
/// </summary>
/// <param name="space">Where the memory comes from.</param>
/// <param name="account">Where its pages are counted.</param>
/// <param name="slabSize">The size of a slab: a power of two.</param>
internal sealed unsafe partial class SlabPool(
    AddressSpace space, PageAccount account, int slabSize = SlabPool.SmallSlab)
{
    /// <summary>The slabs of small blocks, and those that large values are made of.</summary>
    public const int SmallSlab = 64 * 1024;

    /// <summary>The slabs of blocks of more than a page.</summary>
    public const int LargeSlab = 256 * 1024;
    public const int HeaderSize = 16;

    /// <summary>Bytes of a small slab that hold content.</summary>
    public const int DataSize = SmallSlab - HeaderSize;

    private const int RegionSize = 4 * 1024 * 1024;

    /// <summary>Free memory that stays resident, for the next classes that grow.</summary>
    private const int KeptBytes = 1024 * 1024;

    /// <summary>Memory given back in one go: few calls into the system, each of which costs by itself.</summary>
    private const int StepBytes = 16 * 1024 * 1024;

    private readonly List<int> _resident = [];
    private readonly List<int> _empty = [];
    private readonly int[] _leaving = new int[StepBytes / slabSize];
    private readonly int _regionShift = int.Log2(RegionSize / slabSize);
    private readonly int _regionMask = (RegionSize / slabSize) - 1;
    private int _leavingCount;
    private long _leavingPages;

    /// <summary>
    /// Where the regions begin, with room for more. Who looks one up without the lock learned of its slab under the
    /// lock, so what is written later does not matter to it.
    /// </summary>
    private nint[] _regions = [];
    private int _regionCount;
    private int _next;

    /// <summary>Slabs that were ever handed out.</summary>
    public int Count => _next;

    /// <summary>Slabs that are being given back without the lock.</summary>
    public int LeavingCount => _leavingCount;

    /// <summary>Whether more free slabs are resident than the next writes are likely to need.</summary>
    public bool HasExcess => _resident.Count > 2 * KeptBytes / slabSize;

    /// <summary>The pool with slabs of another size, whose free pages can be given back for this one's.</summary>
    public SlabPool? Other { get; set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Address(int slab) =>
        (byte*)_regions[slab >> _regionShift] + ((long)(slab & _regionMask) * slabSize);

    /// <summary>The slab that an address lies in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SlabHeader* HeaderOf(byte* address) => (SlabHeader*)((nuint)address & ~(nuint)(slabSize - 1));

    /// <summary>
    /// Takes a slab, if the limit leaves room for its pages and the system has address space.
    /// </summary>
    /// <param name="pages">Pages that will be written first, the header's included.</param>
    /// <param name="trim">Whether no more than these pages may stay resident.</param>
    /// <param name="slab">The slab. Its header's <see cref="SlabHeader.Pages"/> counts what is resident.</param>
    /// <returns>Whether a slab was taken.</returns>
    public bool TryTake(int pages, bool trim, out int slab)
    {
        if (_resident.Count == 0)
        {
            return TryTakeEmpty(pages, out slab);
        }

        slab = _resident[^1];
        SlabHeader* header = (SlabHeader*)Address(slab);
        if (!account.MayUse(trim ? pages : Math.Max(pages, header->Pages)))
        {
            return false;
        }

        _resident.RemoveAt(_resident.Count - 1);
        account.FreePages -= header->Pages;
        if (!MakeTouchable(pages - header->Pages))
        {
            Return(slab);
            return false;
        }

        Touch(header, pages);
        if (trim)
        {
            GiveBackBeyond(header, pages);
        }

        return true;
    }

    private bool TryTakeEmpty(int pages, out int slab)
    {
        slab = -1;
        if (!TryMakeWay(pages) || (_empty.Count == 0 && !TryExtend()))
        {
            return false;
        }

        if (_empty.Count > 0)
        {
            slab = _empty[^1];
            _empty.RemoveAt(_empty.Count - 1);
        }
        else
        {
            slab = _next++;
        }

        Touch((SlabHeader*)Address(slab), pages);
        return true;
    }

    /// <summary>Counts pages of a slab in use as resident that will be written, if the limit leaves room.</summary>
    public bool TryTouch(SlabHeader* header, int pages)
    {
        int more = pages - header->Pages;
        if (more > 0)
        {
            if (!TryMakeWay(more))
            {
                return false;
            }

            Touch(header, pages);
        }

        return true;
    }

    /// <summary>Takes a slab back whose content is not needed any more. It stays resident for now.</summary>
    public void Return(int slab)
    {
        _resident.Add(slab);
        account.FreePages += ((SlabHeader*)Address(slab))->Pages;
    }

    /// <summary>Free slabs that are resident.</summary>
    internal IReadOnlyList<int> Resident => _resident;

    /// <summary>Free slabs that were given back, for the invariant checker.</summary>
    internal IReadOnlyList<int> Empty => _empty;

    private void Touch(SlabHeader* header, int pages)
    {
        int more = pages - header->Pages;
        if (more > 0)
        {
            account.Add(more);
            header->Pages = pages;
        }
    }

    private bool TryExtend()
    {
        if (_next >> _regionShift < _regionCount)
        {
            return true;
        }

        // All that may throw for lack of memory comes first: a slab that no list had room for would be lost.
        int slabs = (_regionCount + 1) << _regionShift;
        _resident.EnsureCapacity(slabs);
        _empty.EnsureCapacity(slabs);
        if (_regionCount == _regions.Length)
        {
            nint[] larger = new nint[Math.Max(4, 2 * _regionCount)];
            _regions.CopyTo(larger, 0);
            Volatile.Write(ref _regions, larger);
        }

        nint region = space.TryMap(RegionSize, (nuint)slabSize);
        if (region == 0)
        {
            return false;
        }

        _regions[_regionCount++] = region;
        return true;
    }
}
