using System.Numerics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// The scan-resistant order: per priority a small and a main queue of entries in the order in which they came, each
/// split into classes by charge. New entries enter the small queue; what is used there, or came back soon after it was
/// evicted, goes to the main one. A hit only raises <see cref="Slot.Mark"/>.
/// </summary>
/// <remarks>
/// <para>Of a queue's classes the oldest entries are compared: the one with the largest root of charge x age is looked
/// at next. If it is marked, it goes to the main queue (from the small one, without marks) or round again (in the main
/// one, with one mark less). At most <see cref="MaxSteps"/> entries are looked at for a victim.</para>
/// <para>The small queue gives while it has more than its share of its priority's bytes. The share adapts: a key that
/// returns soon after it left the small queue raises it, one that returns after it left the main queue lowers
/// it.</para>
/// <para>An entry's time of queueing has 4 bytes. Within a list neighbors are close in time, so the time of a list's
/// tail, kept in full, gives the age of the one that is the tail next: exact while 2^32 insertions do not lie between
/// the two.</para>
/// </remarks>
/// <typeparam name="TEntries">Where entries are kept; a struct, so that its calls are inlined.</typeparam>
internal partial class ScanResistantOrder<TEntries> : EvictionOrder
    where TEntries : struct, IScanEntries
{
    /// <summary>Entries looked at for one victim.</summary>
    public const int MaxSteps = 64;

    /// <summary>Classes of a queue, each four times the charge of the one before.</summary>
    private const int Classes = 16;

    private const int Queues = ScanTotals.Queues;

    private readonly TEntries _store;
    private readonly GhostTable _ghosts = new();
    private readonly ScanList[] _lists = new ScanList[Queues * Classes];
    private ScanTotals _totals;

    public ScanResistantOrder(TEntries store)
    {
        _store = store;
        Array.Fill(_lists, new ScanList { Head = None, Tail = None });
        _totals.Now = 1;
    }

    public override long Bytes => _ghosts.Bytes;

    /// <summary>What is remembered of evicted entries, and the share of the small queues. For tests.</summary>
    internal GhostTable Ghosts => _ghosts;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Add(int index, bool returned)
    {
        ref OrderNode node = ref _store.Node(index);
        node.IsMain = returned;
        _store.SetMark(index, 0);
        AddToHead(index, ref node);
        _totals.Now++;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Remove(int index) => Remove(index, ref _store.Node(index));

    public override void Use(int index) => _store.Use(index);

    /// <remarks>
    /// The entry keeps its queue and its marks, and its position unless it changes its list: then it is the newest
    /// there.
    /// </remarks>
    public override void UpdateCharge(int index, long charge, CacheItemPriority priority)
    {
        ref OrderNode node = ref _store.Node(index);
        if (node.Priority == priority && ClassOf(node.Charge) == ClassOf(charge))
        {
            _totals.Bytes[QueueOf(in node)] += BytesOf(charge) - BytesOf(node.Charge);
            node.Occupy(charge, priority);
            if (node.Older == None)
            {
                ListOf(in node).TailWeight = Weight(charge);
            }

            return;
        }

        Remove(index, ref node);
        node.Occupy(charge, priority);
        AddToHead(index, ref node);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Relocate(int from, int to)
    {
        _store.SetMark(to, _store.Mark(from));
        _store.QueuedAt(to) = _store.QueuedAt(from);
        ref OrderNode node = ref _store.Node(to);
        ref ScanList list = ref ListOf(in node);
        if (node.Newer != None)
        {
            _store.Node(node.Newer).Older = to;
        }
        else
        {
            list.Head = to;
        }

        if (node.Older != None)
        {
            _store.Node(node.Older).Newer = to;
        }
        else
        {
            list.Tail = to;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void NoteEvicted(int index, long capacity)
    {
        ref OrderNode node = ref _store.Node(index);
        _ghosts.Add(_store.Hash(index), node.IsMain, node.Charge, capacity);
    }

    public override bool TakeReturned(int hash, long charge, long capacity) => _ghosts.Take(hash, charge, capacity);

    public override void GrowFor(int entries) => _ghosts.GrowFor(entries);

    public override void Shrink(int entries, bool all) => _ghosts.Shrink(entries, all);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int Prefetch(ReadOnlySpan<int> indexes)
    {
        int seen = 0;
        foreach (int index in indexes)
        {
            seen += Peek(index).Newer;
        }

        foreach (int index in indexes)
        {
            OrderNode node = Peek(index);
            seen += Peek(node.Newer).Older + Peek(node.Older).Newer;
        }

        // Returned so that the compiler does not remove the loads.
        return seen;
    }

    private OrderNode Peek(int index)
    {
        ref OrderNode node = ref _store.TryNode(index);
        return index < 0 || Unsafe.IsNullRef(ref node) ? default : node;
    }

    private void AddToHead(int index, ref OrderNode node)
    {
        int queue = QueueOf(in node);
        int place = ClassOf(node.Charge);
        ref ScanList list = ref _lists[(queue * Classes) + place];
        int head = list.Head;
        node.Newer = None;
        node.Older = head;
        _store.QueuedAt(index) = (uint)_totals.Now;
        if (head != None)
        {
            _store.Node(head).Newer = index;
        }
        else
        {
            list.Tail = index;
            list.TailAt = _totals.Now;
            list.TailWeight = Weight(node.Charge);
            _totals.Used[queue] |= 1u << place;
        }

        list.Head = index;
        _totals.Bytes[queue] += BytesOf(node.Charge);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Remove(int index, ref OrderNode node)
    {
        int queue = QueueOf(in node);
        int place = ClassOf(node.Charge);
        ref ScanList list = ref _lists[(queue * Classes) + place];
        (int newer, int older) = (node.Newer, node.Older);
        _totals.Bytes[queue] -= BytesOf(node.Charge);
        if (newer != None)
        {
            ref OrderNode next = ref _store.Node(newer);
            next.Older = older;
            if (older == None)
            {
                list.TailAt = TimeOfNewer(in list, index, newer);
                list.TailWeight = Weight(next.Charge);
                list.Tail = newer;
            }
        }
        else
        {
            list.Head = older;
            if (older == None)
            {
                list.Tail = None;
                _totals.Used[queue] &= ~(1u << place);
            }
        }

        if (older != None)
        {
            _store.Node(older).Newer = newer;
        }
    }

    /// <summary>When the second oldest entry of a list was queued: its time has 4 bytes, the tail's 8.</summary>
    private long TimeOfNewer(in ScanList list, int tail, int newer) =>
        list.TailAt + (_store.QueuedAt(newer) - _store.QueuedAt(tail));

    private ref ScanList ListOf(in OrderNode node) => ref _lists[(QueueOf(in node) * Classes) + ClassOf(node.Charge)];

    private static int QueueOf(in OrderNode node) => ((int)node.Priority * 2) + (node.IsMain ? 1 : 0);

    private static int ClassOf(long charge) => Math.Min(BitOperations.Log2((ulong)charge | 1) >> 1, Classes - 1);

    /// <summary>
    /// What an entry counts with: at least one byte. With none it would never be the next victim, however old it is.
    /// </summary>
    private static long BytesOf(long charge) => Math.Max(charge, 1);

    private static double Weight(long charge) => Math.Sqrt(BytesOf(charge));
}
