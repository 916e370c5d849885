using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// The order of use: per priority a doubly linked list of slots from the most recently used (head) to the least (tail),
/// linked by index. All of it under the lock.
/// </summary>
/// <remarks>
/// One list per priority and not one list for all, so that the next entry to evict is always a tail:
/// <see cref="CacheItemPriority"/> first, then least recently used.
/// </remarks>
internal sealed class AccessOrder
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
    /// The entry to give up next among priorities up to <paramref name="highest"/>, or <see cref="None"/>.
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
    public void AddToHead(int index) => AddToHead(index, ref _store.Link(index));

    private void AddToHead(int index, ref OrderNode link)
    {
        int priority = (int)link.Priority;
        int head = _ends.Heads[priority];
        link.Newer = None;
        link.Older = head;
        if (head != None)
        {
            _store.Link(head).Newer = index;
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
        ref OrderNode link = ref _store.Link(index);
        Join(link.Newer, link.Older, (int)link.Priority);
    }

    /// <summary>
    /// Moves entries to the heads of their lists, one after the other. Passes over those that are gone: a touch may be
    /// older than the removal of what it touched.
    /// </summary>
    public void Touch(ReadOnlySpan<int> indexes)
    {
        if (_store.IsLarge)
        {
            Prefetch(indexes);
        }

        foreach (int index in indexes)
        {
            ref OrderNode link = ref _store.TryLink(index);
            if (!Unsafe.IsNullRef(ref link) && link.IsInUse && link.Newer != None)
            {
                MoveToHead(index, ref link);
            }
        }
    }

    /// <summary>
    /// Moves an entry that is not the head, so that its list has a head and the entry one before it: most of
    /// what a cache does is this.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MoveToHead(int index, ref OrderNode link)
    {
        int priority = (int)link.Priority;
        int newer = link.Newer;
        int older = link.Older;
        _store.Link(newer).Older = older;
        if (older != None)
        {
            _store.Link(older).Newer = newer;
        }
        else
        {
            _ends.Tails[priority] = newer;
        }

        ref int head = ref _ends.Heads[priority];
        _store.Link(head).Newer = index;
        link.Newer = None;
        link.Older = head;
        head = index;
    }

    /// <summary>
    /// Brings what moving or removing these entries will need into the processor's cache. One after the other waits for
    /// three cache misses each in a large table; loads that do not depend on each other overlap in the processor.
    /// Believes nothing of what it reads, so it may be called without the lock as well.
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
            OrderNode link = Peek(index);
            seen += Peek(link.Newer).Older + Peek(link.Older).Newer;
        }

        // Answered so that nobody, the compiler included, takes the loads for useless.
        return seen;
    }

    private OrderNode Peek(int index)
    {
        ref OrderNode link = ref _store.TryLink(index);
        return index < 0 || Unsafe.IsNullRef(ref link) ? default : link;
    }

    /// <summary>
    /// Gives the slot at <paramref name="to"/>, to which an entry's link was copied, that entry's place.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Relocate(int to)
    {
        ref OrderNode link = ref _store.Link(to);
        int priority = (int)link.Priority;
        if (link.Newer != None)
        {
            _store.Link(link.Newer).Older = to;
        }
        else
        {
            _ends.Heads[priority] = to;
        }

        if (link.Older != None)
        {
            _store.Link(link.Older).Newer = to;
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
            _store.Link(newer).Older = older;
        }
        else
        {
            _ends.Heads[priority] = older;
        }

        if (older != None)
        {
            _store.Link(older).Newer = newer;
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
    /// Heads and tails, on cache lines of their own: every write changes them, and readers read what
    /// lies beside this object.
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
