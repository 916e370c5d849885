using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// The order of use: per priority a doubly linked list of slots from the most recently used (head) to the least (tail),
/// linked by index. All of it under the lock.
/// </summary>
/// <remarks>
/// One list per priority, so that the next entry to evict is always a tail:
/// <see cref="CacheItemPriority"/> first, then least recently used.
/// </remarks>
internal sealed class AccessOrder : ITouchOrder
{
    /// <summary>No entry.</summary>
    public const int None = -1;

    /// <summary>How many priorities there are; <see cref="CacheItemPriority.NeverRemove"/> is the last.</summary>
    public const int Priorities = (int)CacheItemPriority.NeverRemove + 1;

    private readonly SlotStore _store;
    private Ends _ends;

    public AccessOrder(SlotStore store)
    {
        _store = store;
        ((Span<int>)_ends.Heads).Fill(None);
        ((Span<int>)_ends.Tails).Fill(None);
    }

    public int Head(CacheItemPriority priority) => _ends.Heads[(int)priority];

    public int Tail(CacheItemPriority priority) => _ends.Tails[(int)priority];

    /// <summary>
    /// The entry to evict next among priorities up to <paramref name="highest"/>, or <see cref="None"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int NextVictim(CacheItemPriority highest)
    {
        for (int priority = 0; priority <= (int)highest; priority++)
        {
            if (_ends.Tails[priority] != None)
            {
                return _ends.Tails[priority];
            }
        }

        return None;
    }

    /// <summary>Puts an entry that is in no list at the head of its priority's.</summary>
    public void AddToHead(int index) => AddToHead(index, ref _store.Node(index));

    private void AddToHead(int index, ref OrderNode node)
    {
        int priority = (int)node.Priority;
        int head = _ends.Heads[priority];
        node.Newer = None;
        node.Older = head;
        if (head != None)
        {
            _store.Node(head).Newer = index;
        }
        else
        {
            _ends.Tails[priority] = index;
        }

        _ends.Heads[priority] = index;
    }

    /// <summary>Takes an entry out of its list.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Remove(int index)
    {
        ref OrderNode node = ref _store.Node(index);
        Join(node.Newer, node.Older, (int)node.Priority);
    }

    /// <summary>
    /// Moves entries to the heads of their lists, one after the other. Skips entries that are gone: an entry may be
    /// removed before its touch is applied.
    /// </summary>
    public void Touch(ReadOnlySpan<int> indexes)
    {
        if (_store.IsLarge)
        {
            Prefetch(indexes);
        }

        foreach (int index in indexes)
        {
            ref OrderNode node = ref _store.TryNode(index);
            if (!Unsafe.IsNullRef(ref node) && node.IsInUse && node.Newer != None)
            {
                MoveToHead(index, ref node);
            }
        }
    }

    /// <summary>
    /// Moves an entry that is not the head, so its list has a head and the entry has a newer one. This is the most
    /// frequent operation.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MoveToHead(int index, ref OrderNode node)
    {
        int priority = (int)node.Priority;
        int newer = node.Newer;
        int older = node.Older;
        _store.Node(newer).Older = older;
        if (older != None)
        {
            _store.Node(older).Newer = newer;
        }
        else
        {
            _ends.Tails[priority] = newer;
        }

        ref int head = ref _ends.Heads[priority];
        _store.Node(head).Newer = index;
        node.Newer = None;
        node.Older = head;
        head = index;
    }

    /// <summary>
    /// Loads the memory that moving or removing these entries will need, all at once, so that the cache misses overlap.
    /// Relies on nothing that it reads, so it may also be called without the lock.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Prefetch(ReadOnlySpan<int> indexes)
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

    /// <summary>
    /// Puts the slot at <paramref name="to"/>, to which an entry's node was copied, at that entry's position in the
    /// list.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Relocate(int to)
    {
        ref OrderNode node = ref _store.Node(to);
        int priority = (int)node.Priority;
        if (node.Newer != None)
        {
            _store.Node(node.Newer).Older = to;
        }
        else
        {
            _ends.Heads[priority] = to;
        }

        if (node.Older != None)
        {
            _store.Node(node.Older).Newer = to;
        }
        else
        {
            _ends.Tails[priority] = to;
        }
    }

    private void Join(int newer, int older, int priority)
    {
        if (newer != None)
        {
            _store.Node(newer).Older = older;
        }
        else
        {
            _ends.Heads[priority] = older;
        }

        if (older != None)
        {
            _store.Node(older).Newer = newer;
        }
        else
        {
            _ends.Tails[priority] = newer;
        }
    }

    [InlineArray(Priorities)]
    private struct PerPriority
    {
        private int _first;
    }

    /// <summary>
    /// Heads and tails, on their own cache lines: every write changes them, and readers read the memory next to this
    /// object.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Ends
    {
        [FieldOffset(64)]
        public PerPriority Heads;

        [FieldOffset(80)]
        public PerPriority Tails;
    }
}

/// <summary>
/// The part of an entry that touches write: its position in the order of use, its charge and its priority; 16 bytes.
/// Separate from <see cref="Slot"/>, so that applying touches does not write to the cache lines that readers read.
/// </summary>
internal struct OrderNode
{
    private const int PriorityBits = 2;
    private const long PriorityMask = (1 << PriorityBits) - 1;
    private const long InUse = 1 << PriorityBits;
    private const long Changing = InUse << 1;
    private const long Hot = Changing << 1;
    private const int ChargeShift = PriorityBits + 3;

    /// <summary>The largest charge that fits: a quarter of an exbibyte.</summary>
    public const long MaxCharge = long.MaxValue >> ChargeShift;

    /// <summary>The next more recently used entry, or <see cref="AccessOrder.None"/> at the head.</summary>
    public int Newer;

    /// <summary>
    /// The next less recently used entry, or <see cref="AccessOrder.None"/> at the tail. In a free
    /// slot: the next free one.
    /// </summary>
    public int Older;

    private long _state;

    public readonly bool IsInUse => (_state & InUse) != 0;

    /// <summary>Bytes charged for the entry.</summary>
    public readonly long Charge => _state >> ChargeShift;

    public readonly CacheItemPriority Priority => (CacheItemPriority)(_state & PriorityMask);

    /// <summary>Whether the entry's value can change: see <see cref="EntryMarks"/>.</summary>
    public readonly bool CanChange => (_state & Changing) != 0;

    /// <summary>Whether the entry is measured before others: see <see cref="EntryMarks"/>.</summary>
    public readonly bool IsHot => (_state & Hot) != 0;

    /// <summary>Sets charge and priority, and leaves the marks.</summary>
    public void Occupy(long charge, CacheItemPriority priority) =>
        _state = (charge << ChargeShift) | (_state & (Changing | Hot)) | InUse | (long)priority;

    public void Mark(bool canChange, bool isHot) =>
        _state = (_state & ~(Changing | Hot)) | (canChange ? Changing : 0) | (isHot ? Hot : 0);

    public void Vacate() => _state = 0;
}
