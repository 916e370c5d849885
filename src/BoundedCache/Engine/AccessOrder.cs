using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// The order of use: per priority a doubly linked list of slots from the most recently used (head) to the least (tail), linked by
/// index. All of it under the lock.
/// </summary>
/// <remarks>
/// One list per priority and not one list for all, so that the next entry to evict is always a tail: <see cref="CacheItemPriority"/>
/// first, then least recently used.
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

    /// <summary>The entry to give up next among priorities up to <paramref name="highest"/>, or <see cref="None"/>.</summary>
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
    public void AddToHead(int index)
    {
        ref Link link = ref _store.Link(index);
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
    public void Remove(int index)
    {
        ref Link link = ref _store.Link(index);
        Join(link.Newer, link.Older, (int)link.Priority);
    }

    /// <summary>
    /// Moves the entry at <paramref name="index"/> to the head of its list. Does nothing where there is no entry any more: a touch may
    /// be older than the removal of what it touched.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Touch(int index)
    {
        if (!_store.Exists(index))
        {
            return;
        }

        ref Link link = ref _store.Link(index);
        if (!link.IsInUse || link.Newer == None)
        {
            return;
        }

        Join(link.Newer, link.Older, (int)link.Priority);
        AddToHead(index);
    }

    /// <summary>Gives the slot at <paramref name="to"/>, to which an entry's link was copied, that entry's place.</summary>
    public void Relocate(int to)
    {
        ref Link link = ref _store.Link(to);
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

    /// <summary>Heads and tails, on cache lines of their own: every write changes them, and readers read what lies beside this object.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Ends
    {
        [FieldOffset(64)]
        public PerPriority Heads;

        [FieldOffset(80)]
        public PerPriority Tails;
    }
}
