using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Bytes;

/// <summary>
/// The scan-resistant order of the byte cache: that of a cache of objects, over nodes in native memory. All entries
/// have one priority. A hit raises the entry's mark, and writes nothing once that is 3.
/// </summary>
internal sealed unsafe class ScanByteOrder(NativeTable nodes, NativeTable slots) : ByteOrder
{
    /// <summary>Bytes of a node: queue, charge, time and mark.</summary>
    public const int NodeSize = 24;

    private const CacheItemPriority Priority = CacheItemPriority.Normal;

    private readonly ScanResistantOrder<Entries> _order = new(new Entries(nodes, slots));

    /// <summary>Hashes of evicted entries.</summary>
    public override long ManagedBytes => _order.Bytes;

    public override void Add(int index, long charge, bool returned)
    {
        Node* node = At(nodes, index);
        *node = default;
        node->Order.Occupy(charge, Priority);
        _order.Add(index, returned);
    }

    public override void Remove(int index)
    {
        _order.Remove(index);
        At(nodes, index)->Order.Vacate();
    }

    public override void Replaced(int index, long charge)
    {
        _order.UpdateCharge(index, charge, Priority);
        _order.Use(index);
    }

    public override void Relocate(int from, int to)
    {
        At(nodes, to)->Order = At(nodes, from)->Order;
        _order.Relocate(from, to);
        At(nodes, from)->Order.Vacate();
    }

    public override void PrefetchRelocate(int index)
    {
        OrderNode node = At(nodes, index)->Order;
        PrefetchNode(node.Newer);
        PrefetchNode(node.Older);

        void PrefetchNode(int neighbour)
        {
            if (neighbour > 0)
            {
                Prefetch(At(nodes, neighbour));
            }
        }
    }

    public override int NextVictim(int spared, ref int steps)
    {
        int victim = _order.NextVictim(Priority, spared == None ? EvictionOrder.None : spared, ref steps);
        return victim == EvictionOrder.None ? None : victim;
    }

    public override int Foresee(Span<int> into) => _order.Foresee(into, long.MaxValue, Priority);

    public override void NoteEvicted(int index, long capacity) => _order.NoteEvicted(index, capacity);

    public override bool TakeReturned(int hash, long charge, long capacity) =>
        _order.TakeReturned(hash, charge, capacity);

    public override bool MustGrowFor(int entries) => _order.Ghosts.Buckets < entries / GhostTable.EntriesPerBucket;

    public override int StepBytes => _order.Ghosts.NextBucketBytes;

    /// <summary>A bucket more, which is enough for several entries.</summary>
    public override void Grow() => _order.GrowFor((_order.Ghosts.Buckets + 1) * GhostTable.EntriesPerBucket);

    public override void Shrink(int entries, bool all) => _order.Shrink(entries, all);

    /// <summary>Uses are marks, so there are no touches.</summary>
    public override void Touch(ReadOnlySpan<int> indexes)
    {
    }

    /// <summary>
    /// Notes a use, without the lock. The slot may be free or another entry's by now: that one gets a mark too many.
    /// </summary>
    public void Mark(int index)
    {
        var node = (Node*)nodes.TryAt(index);
        if (node is not null && index < End)
        {
            Use(node);
        }

        GC.KeepAlive(this);
    }

    internal override string? FindFault(List<int> entries)
    {
        foreach (OrderedList list in _order.Lists())
        {
            int newer = EvictionOrder.None;
            for (int index = list.Head; index != EvictionOrder.None; index = At(nodes, index)->Order.Older)
            {
                if (At(nodes, index)->Order.Newer != newer)
                {
                    return "the order's links do not match";
                }

                entries.Add(index);
                newer = index;
            }

            if (list.Tail != newer)
            {
                return "a list's tail is not its last entry";
            }
        }

        return _order.FindFault();
    }

    /// <remarks>The mark is read once: other threads raise it meanwhile, and it must not pass the highest.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Use(Node* node)
    {
        byte mark = Volatile.Read(ref node->Mark);
        if (mark < Slot.MaxMark)
        {
            node->Mark = (byte)(mark + 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Node* At(NativeTable nodes, int index) => (Node*)nodes.At(index);

    [StructLayout(LayoutKind.Sequential, Size = NodeSize)]
    private struct Node
    {
        public OrderNode Order;
        public uint QueuedAt;
        public byte Mark;
    }

    /// <summary>Where the order finds what it keeps of an entry.</summary>
    private readonly struct Entries(NativeTable nodes, NativeTable slots) : IScanEntries
    {
        public ref OrderNode Node(int index) => ref At(nodes, index)->Order;

        public ref OrderNode TryNode(int index)
        {
            var node = (Node*)nodes.TryAt(index);
            return ref node is null ? ref Unsafe.NullRef<OrderNode>() : ref node->Order;
        }

        public ref uint QueuedAt(int index) => ref At(nodes, index)->QueuedAt;

        public int Hash(int index) => ((ByteSlot*)slots.At(index))->Hash;

        public byte Mark(int index) => At(nodes, index)->Mark;

        public void SetMark(int index, byte mark) => At(nodes, index)->Mark = mark;

        public void Use(int index) => ScanByteOrder.Use(At(nodes, index));
    }
}
