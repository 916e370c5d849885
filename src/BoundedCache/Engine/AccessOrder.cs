using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// LRU: per priority a doubly linked list of slots from the most recently used (head) to the least (tail),
/// linked by index. All of it under the lock.
/// </summary>
/// <remarks>
/// One list per priority, so that the next entry to evict is always a tail:
/// <see cref="CacheItemPriority"/> first, then least recently used.
/// </remarks>
internal sealed class AccessOrder : EvictionOrder, ITouchOrder
{
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

    public override long Bytes => 0;

    public override int NextVictim(CacheItemPriority highest, int spared, ref int steps)
    {
        steps--;
        for (int priority = 0; priority <= (int)highest; priority++)
        {
            int victim = _ends.Tails[priority];
            victim = victim == spared && victim != None ? _store.Node(victim).Newer : victim;
            if (victim != None)
            {
                return victim;
            }
        }

        return None;
    }

    public override int Last(CacheItemPriority highest)
    {
        int steps = 0;
        return NextVictim(highest, None, ref steps);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int Foresee(Span<int> victims, long bytes, CacheItemPriority highest)
    {
        int victim = Last(highest);
        if (victim == None || bytes <= _store.Node(victim).Charge)
        {
            return 0;
        }

        int count = 0;
        while (count < victims.Length && bytes > 0 && victim != None)
        {
            ref OrderNode node = ref _store.Node(victim);
            victims[count++] = victim;
            bytes -= node.Charge;
            victim = node.Newer;
        }

        return count;
    }

    public override void Add(int index, bool returned) => AddToHead(index);

    public override void Use(int index)
    {
        ref OrderNode node = ref _store.Node(index);
        if (node.Newer != None)
        {
            MoveToHead(index, ref node);
        }
    }

    /// <remarks>With another priority, the entry is the latest of those.</remarks>
    public override void UpdateCharge(int index, long charge, CacheItemPriority priority)
    {
        ref OrderNode node = ref _store.Node(index);
        if (node.Priority == priority)
        {
            node.Occupy(charge, priority);
            return;
        }

        Remove(index);
        node.Occupy(charge, priority);
        AddToHead(index);
    }

    public override void NoteEvicted(int index, long capacity)
    {
    }

    public override bool TakeReturned(int hash, long charge, long capacity) => false;

    public override void GrowFor(int entries)
    {
    }

    public override void Shrink(int entries, bool all)
    {
    }

    public override string? FindFault() => null;

    public override IEnumerable<OrderedList> Lists()
    {
        for (int priority = 0; priority < Priorities; priority++)
        {
            yield return new OrderedList(
                (CacheItemPriority)priority, false, 0, _ends.Heads[priority], _ends.Tails[priority]);
        }
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Remove(int index)
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Relocate(int from, int to)
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
