using System.Runtime.CompilerServices;

namespace BoundedCache.Bytes;

/// <summary>
/// The table of entries: slots, the index over them and their order of use. All under the engine's lock.
/// </summary>
internal sealed unsafe partial class ByteTable
{
    /// <summary>Slots that may be free at least before the table shrinks; fewer where the limit is small.</summary>
    private const int SlackSlots = 2048;

    /// <summary>For each page of the limit.</summary>
    private const int SlackSlotsOfPage = 2;

    /// <summary>The most managed memory that an order without entries keeps. It does not count.</summary>
    private const int UncountedBytes = 2048;

    private readonly PageAccount _account;
    private readonly NativeTable _nodes;
    private readonly NativeTable _buckets;
    private readonly Func<int, bool> _mayTouch;
    private uint _versions = 2;
    private int _managedPages;

    public ByteTable(AddressSpace space, PageAccount account, SlabPool pool, bool isScanResistant)
    {
        _account = account;
        Slots = new NativeTable(space, account, ByteSlot.Size);
        _nodes = new NativeTable(
            space, account, isScanResistant ? ScanByteOrder.NodeSize : LruByteOrder.NodeSize);
        _buckets = new NativeTable(space, account, sizeof(int));
        Index = new ByteIndex(_buckets, Slots);
        Marks = isScanResistant ? new ScanByteOrder(_nodes, Slots) : null;
        Order = Marks ?? (ByteOrder)new LruByteOrder(_nodes);
        _mayTouch = pool.TryMakeWay;
    }

    public NativeTable Slots { get; }

    public ByteIndex Index { get; }

    public ByteOrder Order { get; }

    /// <summary>The order where hits raise marks; null where they are noted as touches.</summary>
    public ScanByteOrder? Marks { get; }

    /// <summary>The number of entries.</summary>
    public int Count { get; private set; }

    /// <summary>The first index beyond all slots.</summary>
    public int End => Order.End;

    private int Slack =>
        Math.Max((int)Math.Min(SlackSlots, _account.LimitPages * SlackSlotsOfPage), Count / 8);

    /// <summary>Resident bytes.</summary>
    public long Bytes => Slots.Bytes + _nodes.Bytes + _buckets.Bytes + ManagedBytes;

    /// <summary>What of these is managed memory.</summary>
    public long ManagedBytes => (long)Volatile.Read(ref _managedPages) * _account.PageSize;

    /// <summary>Pages that a table with one entry has.</summary>
    public static int FewestPages => 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ByteSlot* Slot(int index) => (ByteSlot*)Slots.At(index);

    /// <summary>Makes sure that <see cref="Take"/> finds a slot.</summary>
    /// <returns>False where the limit leaves no room for it, or the system refuses memory.</returns>
    public bool TryPrepare()
    {
        if (_firstFree != 0 || TryList())
        {
            return true;
        }

        int pages = Slots.PagesToGrow(End + 1) + _nodes.PagesToGrow(End + 1)
            + (Index.Count == 0 ? Index.PagesToGrow : 0);
        if ((pages > 0 && !_mayTouch(pages))
            || !Slots.TryGrow(End + 1) || !_nodes.TryGrow(End + 1) || !Index.TryBegin())
        {
            return false;
        }

        GrowOrder();
        return true;
    }

    /// <summary>
    /// Lets the order remember more, a step for each new slot, where there is room for it: it only advises, so no entry
    /// is refused for it.
    /// </summary>
    private void GrowOrder()
    {
        if (Order.MustGrowFor(Count + 1))
        {
            int pages = PagesOfManaged(Order.ManagedBytes + Order.StepBytes) - _managedPages;
            if (pages <= 0 || _mayTouch(pages))
            {
                Order.Grow();
                CountManaged();
            }
        }
    }

    /// <summary>Gives up what the order remembers of more entries than there are.</summary>
    public void ShrinkOrder(bool all)
    {
        if (_managedPages > 0)
        {
            Order.Shrink(Count, all);
            CountManaged();
        }
    }

    private int PagesOfManaged(long bytes) => _account.PagesOf(Math.Max(0, bytes - UncountedBytes));

    private void CountManaged()
    {
        int pages = PagesOfManaged(Order.ManagedBytes);
        _account.Add(pages - _managedPages);
        Volatile.Write(ref _managedPages, pages);
    }

    /// <summary>Takes a free slot; its version is odd until <see cref="Publish"/>.</summary>
    public int Take()
    {
        int index = _firstFree;
        if (index != 0)
        {
            UnlinkFree(index);
        }
        else
        {
            index = End;
            Order.End++;
        }

        ByteSlot* slot = Slot(index);
        if (slot->Version == 0)
        {
            // Pages that were given back hold zeros. A version that a reader saw before must not come again.
            slot->Version = _versions += 0x9E3779B8;
        }

        ByteSlot.Begin(slot);
        slot->Hash = 0;
        return index;
    }

    /// <summary>Makes a slot that was taken and written an entry.</summary>
    /// <param name="index">The slot.</param>
    /// <param name="charge">The entry's bytes, for the order.</param>
    /// <param name="returned">Whether the key was evicted a short while ago.</param>
    public void Publish(int index, long charge, bool returned)
    {
        ByteSlot.End(Slot(index));
        Index.Insert(index);
        Order.Add(index, charge, returned);
        Count++;
        Index.Adjust(Count, ByteIndex.StepsOfOne, _mayTouch);
    }

    /// <summary>Pages that <see cref="Trim"/> will give back, but for the order's managed memory.</summary>
    public int ExcessPages =>
        Slots.ExcessPages(1 + Count + Slack) + _nodes.ExcessPages(1 + Count + Slack)
        + _buckets.ExcessPages((int)Math.Clamp(3L * Count, ByteIndex.MinBuckets, int.MaxValue));

    /// <summary>Removes an entry; its block is still to be freed.</summary>
    /// <param name="index">Its slot.</param>
    /// <param name="trim">Whether the table shrinks with it, a little; otherwise <see cref="Trim"/> follows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Remove(int index, bool trim)
    {
        ByteSlot* slot = Slot(index);
        Index.Remove(index);
        Order.Remove(index);
        ByteSlot.Begin(slot);
        slot->Place = 0;
        if (trim || _listed < MostListed)
        {
            LinkFree(index, slot);
        }
        else
        {
            MarkFree(index, slot);
        }

        ByteSlot.End(slot);
        Count--;
        if (trim)
        {
            Trim(ByteIndex.StepsOfOne);
        }
    }
}
