using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Sizing;

/// <summary>Counts every object of a graph, however many, in memory that does not grow with long chains.</summary>
/// <remarks>
/// <para>Not thread-safe. Visits in depth: what an object leads to, before its next sibling. Of the references of a
/// node, those to nodes of the same type come last, so that little waits along a chain.</para>
/// <para>All objects are remembered up to the bound of <see cref="RecentSet"/>, so that none counts twice. Beyond it,
/// the objects that were forgotten may count again. Those on the way from the root to the object that is being visited
/// are never forgotten: a tree whose nodes know their parents is counted once.</para>
/// </remarks>
internal sealed class FullWalk(GraphWalk visitor, RecentSet seen)
{
    private const int SmallArray = 16;
    private const int ElementsAtOnce = 128;
    private const int ElementsPerStep = 1024;
    private const int StepsPerCheck = 256;
    private const int MaxPending = 256 * 1024;

    /// <summary>Instead of an index: all that the object refers to is visited or pending.</summary>
    private const long IsOpen = -1;

    private readonly List<Pending> _pending = [];
    private int _maxPending = MaxPending;
    private long _elements;
    private long _maxObjects;
    private bool _mayForget;

    /// <summary>The bytes of the objects seen so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>The objects seen so far.</summary>
    public long Objects { get; private set; }

    /// <summary>Whether there are arrays whose length says how much is left.</summary>
    public bool MetLargeArray { get; private set; }

    public int Capacity => Math.Max(seen.Capacity, _pending.Capacity);

    /// <summary>
    /// Walks until nothing is left, until more than so many objects were seen, or until more than so many elements of
    /// large arrays are to be looked at.
    /// </summary>
    /// <returns>Whether nothing is left.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled meanwhile.</exception>
    public bool Run(long maxObjects, long maxElements, CancellationToken cancellationToken)
    {
        _maxObjects = maxObjects;
        _mayForget = maxObjects > seen.Bound;
        for (long step = 1; _pending.Count > 0; step++)
        {
            if (Objects > maxObjects || _elements > maxElements)
            {
                return false;
            }

            if (step % StepsPerCheck == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (seen.IsFull)
            {
                // No value is larger than the heap: then forgotten objects were counted again and again.
                if (Bytes > GC.GetTotalMemory(forceFullCollection: false))
                {
                    return false;
                }

                BeginGeneration();
            }

            Visit(Pop());
        }

        return true;
    }

    /// <summary>Remembers an object to which a reference was found.</summary>
    /// <returns>Whether it is new.</returns>
    public bool Meet(object target) => seen.Add(target);

    /// <summary>Counts an object that was just met for the first time.</summary>
    public void Count(object target, TypeLayout layout, bool isFollowed)
    {
        Objects++;
        Bytes += layout.SizeOf(target);
        if (!layout.IsLeaf && isFollowed)
        {
            _pending.Add(new Pending(target, layout, 0));
        }
    }

    public void Clear()
    {
        seen.Clear();
        _pending.Clear();
        _maxPending = MaxPending;
        (Bytes, Objects, _elements, MetLargeArray) = (0, 0, 0, false);
    }

    // The last node of the same type closes the one before it: a chain leaves nothing open.
    private Pending Pop()
    {
        Pending next = _pending[^1];
        _pending.RemoveAt(_pending.Count - 1);
        if (_mayForget
            && _pending.Count > 0
            && _pending[^1] is { Element: IsOpen } open
            && ReferenceEquals(open.Layout, next.Layout))
        {
            _pending.RemoveAt(_pending.Count - 1);
        }

        return next;
    }

    private void Visit(Pending next)
    {
        if (next.Element == IsOpen)
        {
            return;
        }

        int first = _pending.Count;
        if (next.Layout.VisitFields is { } visitFields)
        {
            visitFields(next.Instance, visitor);
        }
        else
        {
            long length = Unsafe.As<Array>(next.Instance).LongLength;
            MetLargeArray |= length > SmallArray;
            _elements += next.Element == 0 ? length : 0;
            if (length > ElementsAtOnce)
            {
                VisitElements(next, length);
                return;
            }

            for (long i = 0; i < length; i++)
            {
                visitor.VisitElement(Unsafe.As<Array>(next.Instance), next.Layout, i);
            }
        }

        if (_pending.Count == first)
        {
            return;
        }

        Span<Pending> found = CollectionsMarshal.AsSpan(_pending)[first..];
        MoveToFront(found, next.Layout);
        if (!_mayForget)
        {
            return;
        }

        if (found.Length > 1 || (found.Length == 1 && !ReferenceEquals(found[0].Layout, next.Layout)))
        {
            _pending.Insert(first, next with { Element = IsOpen });
        }

        if (_pending.Count > _maxPending)
        {
            ForgetTheWay();
        }
    }

    // A way this long is a chain of several types in turn, whose nodes seldom refer back to all before them.
    private void ForgetTheWay()
    {
        _pending.RemoveAll(static pending => pending.Element == IsOpen);
        _maxPending = Math.Max(MaxPending, 2 * _pending.Count);
    }

    // Up to the first element that leads further. The others wait below it.
    private void VisitElements(Pending next, long length)
    {
        int first = _pending.Count;
        long end = Math.Min(length, next.Element + ElementsPerStep);
        long i = next.Element;
        while (i < end && _pending.Count == first && Objects <= _maxObjects)
        {
            visitor.VisitElement(Unsafe.As<Array>(next.Instance), next.Layout, i++);
        }

        if (i < length)
        {
            _pending.Insert(first, next with { Element = i });
        }
    }

    // The last declared of them first: in XML and most own nodes, the content is declared before the next sibling, and
    // would wait at each node of the chain.
    private static void MoveToFront(Span<Pending> all, TypeLayout layout)
    {
        int front = 0;
        for (int i = 0; i < all.Length; i++)
        {
            if (ReferenceEquals(all[i].Layout, layout))
            {
                (all[front], all[i]) = (all[i], all[front]);
                front++;
            }
        }

        all[..front].Reverse();
    }

    private void BeginGeneration()
    {
        seen.BeginGeneration();
        foreach (Pending pending in CollectionsMarshal.AsSpan(_pending)[^Math.Min(_pending.Count, seen.Capacity / 8)..])
        {
            seen.Add(pending.Instance);
        }
    }

    private readonly record struct Pending(object Instance, TypeLayout Layout, long Element);
}
