using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using BoundedCache.Engine;

namespace BoundedCache.Bytes;

/// <summary>
/// The order in which entries are evicted: what the engine needs to know of a policy. All of it under the engine's
/// lock. Its nodes lie in native memory, one a slot.
/// </summary>
internal abstract unsafe class ByteOrder : ITouchOrder
{
    /// <summary>No entry: index 0 does not exist.</summary>
    public const int None = 0;

    /// <summary>The first index without a node.</summary>
    public int End { get; set; } = 1;

    /// <summary>Bytes of managed memory that the policy has beside its nodes, and that grow with the entries.</summary>
    public virtual long ManagedBytes => 0;

    /// <summary>Adds a new entry as the latest one.</summary>
    /// <param name="index">Its slot, which is written.</param>
    /// <param name="charge">Its bytes.</param>
    /// <param name="returned">What <see cref="TakeReturned"/> answered for its key.</param>
    public abstract void Add(int index, long charge, bool returned);

    public abstract void Remove(int index);

    /// <summary>Notes that an entry was replaced, which is a use.</summary>
    public abstract void Replaced(int index, long charge);

    /// <summary>Puts one slot where another is, which is free then.</summary>
    public abstract void Relocate(int from, int to);

    /// <summary>Loads what <see cref="Relocate"/> needs of a slot.</summary>
    public abstract void PrefetchRelocate(int index);

    /// <summary>The entry to evict next; <see cref="None"/> where there is none.</summary>
    /// <param name="spared">An entry that is not evicted, or <see cref="None"/>.</param>
    /// <param name="steps">Is lowered by the entries that were looked at.</param>
    public abstract int NextVictim(int spared, ref int steps);

    /// <summary>Entries that are likely to be evicted next.</summary>
    /// <returns>How many there are, at most as many as fit.</returns>
    public abstract int Foresee(Span<int> into);

    /// <summary>Remembers an entry that is about to be evicted.</summary>
    public virtual void NoteEvicted(int index, long capacity)
    {
    }

    /// <summary>Whether a key that is about to be stored was evicted a short while ago. Ask once.</summary>
    public virtual bool TakeReturned(int hash, long charge, long capacity) => false;

    /// <summary>Whether what is remembered of a number of entries needs a call of <see cref="Grow"/>.</summary>
    public virtual bool MustGrowFor(int entries) => false;

    /// <summary>What <see cref="ManagedBytes"/> rises by in the next call of <see cref="Grow"/>; often 0.</summary>
    public virtual int StepBytes => 0;

    /// <summary>Makes room to remember more, in a step that is bounded.</summary>
    public virtual void Grow()
    {
    }

    /// <summary>Gives up managed memory that a number of entries does not need.</summary>
    public virtual void Shrink(int entries, bool all)
    {
    }

    /// <inheritdoc/>
    public abstract void Touch(ReadOnlySpan<int> indexes);

    /// <summary>Checks the order's own rules, for tests.</summary>
    /// <param name="entries">All entries in the order.</param>
    /// <returns>What is wrong; null for nothing.</returns>
    internal abstract string? FindFault(List<int> entries);

    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }
}

/// <summary>
/// LRU: a doubly linked list of slots from the most recently used (head) to the least (tail).
/// </summary>
internal sealed unsafe class LruByteOrder(NativeTable nodes) : ByteOrder
{
    /// <summary>Bytes of a node: its neighbours.</summary>
    public const int NodeSize = sizeof(int) * 2;

    private const int Unlinked = -1;

    private int _head;
    private int _tail;

    public override void Add(int index, long charge, bool returned) => AddToHead(index);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Remove(int index)
    {
        Unlink(At(index));
        Reset(index);
    }

    public override void Replaced(int index, long charge) => MoveToHead(index);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Relocate(int from, int to)
    {
        Node node = *At(from);
        *At(to) = node;
        if (node.Newer != None)
        {
            At(node.Newer)->Older = to;
        }
        else
        {
            _head = to;
        }

        if (node.Older != None)
        {
            At(node.Older)->Newer = to;
        }
        else
        {
            _tail = to;
        }

        Reset(from);
    }

    public override void PrefetchRelocate(int index)
    {
        Prefetch(At(At(index)->Newer));
        Prefetch(At(At(index)->Older));
    }

    public override int NextVictim(int spared, ref int steps)
    {
        steps--;
        return _tail == spared && spared != None ? At(spared)->Newer : _tail;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int Foresee(Span<int> into)
    {
        int count = 0;
        for (int index = _tail; index != None && count < into.Length; index = At(index)->Newer)
        {
            into[count++] = index;
        }

        return count;
    }

    public override void Touch(ReadOnlySpan<int> indexes)
    {
        foreach (int index in indexes)
        {
            if (index < End)
            {
                Prefetch(At(index));
            }
        }

        foreach (int index in indexes)
        {
            if (index < End && At(index)->Newer != Unlinked)
            {
                MoveToHead(index);
            }
        }
    }

    internal override string? FindFault(List<int> entries)
    {
        int newer = None;
        for (int index = _head; index != None; index = At(index)->Older)
        {
            if (At(index)->Newer != newer)
            {
                return "the order's links do not match";
            }

            entries.Add(index);
            newer = index;
        }

        return _tail == newer ? null : "the order's tail is not its last entry";
    }

    private void AddToHead(int index)
    {
        Node* node = At(index);
        node->Newer = None;
        node->Older = _head;
        if (_head != None)
        {
            At(_head)->Newer = index;
        }
        else
        {
            _tail = index;
        }

        _head = index;
    }

    private void MoveToHead(int index)
    {
        if (index != _head)
        {
            Unlink(At(index));
            AddToHead(index);
        }
    }

    private void Reset(int index) => *At(index) = new Node { Newer = Unlinked, Older = Unlinked };

    private void Unlink(Node* node)
    {
        if (node->Newer != None)
        {
            At(node->Newer)->Older = node->Older;
        }
        else
        {
            _head = node->Older;
        }

        if (node->Older != None)
        {
            At(node->Older)->Newer = node->Newer;
        }
        else
        {
            _tail = node->Newer;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Node* At(int index) => (Node*)nodes.At(index);

    /// <summary>An entry's neighbours.</summary>
    private struct Node
    {
        public int Newer;
        public int Older;
    }
}
