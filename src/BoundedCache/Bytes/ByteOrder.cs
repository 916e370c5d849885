using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using BoundedCache.Engine;

namespace BoundedCache.Bytes;

/// <summary>
/// The order of use in native memory: a doubly linked list of slots from the most recently used (head) to the least
/// (tail). All of it under the engine's lock.
/// </summary>
internal sealed unsafe class ByteOrder(NativeTable nodes) : ITouchOrder
{
    /// <summary>No entry: index 0 does not exist.</summary>
    public const int None = 0;

    private const int Unlinked = -1;

    public int Head { get; private set; }

    public int Tail { get; private set; }

    /// <summary>The first index without a node.</summary>
    public int End { get; set; } = 1;

    public int NewerThan(int index) => At(index)->Newer;

    public int OlderThan(int index) => At(index)->Older;

    /// <summary>Makes a node that is in no list.</summary>
    public void Reset(int index) => *At(index) = new Node { Newer = Unlinked, Older = Unlinked };

    public void AddToHead(int index)
    {
        Node* node = At(index);
        node->Newer = None;
        node->Older = Head;
        if (Head != None)
        {
            At(Head)->Newer = index;
        }
        else
        {
            Tail = index;
        }

        Head = index;
    }

    public void Remove(int index)
    {
        Unlink(At(index));
        Reset(index);
    }

    public void MoveToHead(int index)
    {
        if (index != Head)
        {
            Unlink(At(index));
            AddToHead(index);
        }
    }

    /// <summary>Puts one index in the place of another, which is in no list then.</summary>
    public void Replace(int from, int to)
    {
        Node node = *At(from);
        *At(to) = node;
        if (node.Newer != None)
        {
            At(node.Newer)->Older = to;
        }
        else
        {
            Head = to;
        }

        if (node.Older != None)
        {
            At(node.Older)->Newer = to;
        }
        else
        {
            Tail = to;
        }

        Reset(from);
    }

    /// <inheritdoc/>
    public void Touch(ReadOnlySpan<int> indexes)
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

    /// <summary>The least recently used entries, oldest first.</summary>
    /// <returns>How many there are, at most as many as fit.</returns>
    public int Oldest(Span<int> into)
    {
        int count = 0;
        for (int index = Tail; index != None && count < into.Length; index = At(index)->Newer)
        {
            into[count++] = index;
        }

        return count;
    }

    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    private void Unlink(Node* node)
    {
        if (node->Newer != None)
        {
            At(node->Newer)->Older = node->Older;
        }
        else
        {
            Head = node->Older;
        }

        if (node->Older != None)
        {
            At(node->Older)->Newer = node->Newer;
        }
        else
        {
            Tail = node->Newer;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Node* At(int index) => (Node*)nodes.At(index);

    /// <summary>An entry's neighbours.</summary>
    [StructLayout(LayoutKind.Sequential, Size = NodeSize)]
    private struct Node
    {
        public int Newer;
        public int Older;
    }

    public const int NodeSize = 8;
}
