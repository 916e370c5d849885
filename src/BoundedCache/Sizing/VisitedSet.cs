using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>One object that the walk has met.</summary>
internal struct VisitedObject
{
    public object Instance;
    public TypeLayout Layout;

    /// <summary>The sample it is charged to, in the walk's <see cref="SampleTree"/>.</summary>
    public int Sample;

    /// <summary>The group that its elements or nodes form, or <see cref="SampleTree.NoGroup"/>.</summary>
    public int Group;

    /// <summary>Whether its references have been visited, or are being visited.</summary>
    public bool IsExpanded;

    /// <summary>Whether its sample is one of a group of nodes, and it is that node itself.</summary>
    public bool IsNodeOfGroup;

    internal int Hash;
    internal int Next;
}

/// <summary>The objects of one walk, by identity, each at an index that does not change.</summary>
/// <remarks>
/// The first few objects are compared one by one. Identity hashes are only used for more: computing the first one of an
/// object is slow, and the runtime keeps it in the object's header, where it makes a lock on the object slower.
/// <c>Equals</c> and <c>GetHashCode</c> of the objects are never called.
/// </remarks>
internal sealed class VisitedSet
{
    private const int InitialCapacity = 32;

    /// <summary>Up to this many objects are found without hashes.</summary>
    private const int Unhashed = 8;

    private int[] _buckets = new int[InitialCapacity]; // index + 1; 0 is empty
    private VisitedObject[] _objects = new VisitedObject[InitialCapacity];

    public int Count { get; private set; }

    public int Capacity => _objects.Length;

    /// <remarks>The reference is valid until the next <see cref="Add"/>.</remarks>
    public ref VisitedObject this[int index] => ref _objects[index];

    /// <summary>The index of an object, or -1.</summary>
    public int IndexOf(object instance)
    {
        if (Count <= Unhashed)
        {
            for (int i = 0; i < Count; i++)
            {
                if (ReferenceEquals(_objects[i].Instance, instance))
                {
                    return i;
                }
            }

            return -1;
        }

        int hash = RuntimeHelpers.GetHashCode(instance);
        int index = _buckets[hash & (_buckets.Length - 1)] - 1;
        while (index >= 0)
        {
            ref VisitedObject candidate = ref _objects[index];
            if (ReferenceEquals(candidate.Instance, instance))
            {
                return index;
            }

            index = candidate.Next;
        }

        return -1;
    }

    /// <summary>Adds an object that is not in the set.</summary>
    public int Add(object instance, TypeLayout layout, int sample)
    {
        if (Count == _objects.Length)
        {
            Grow();
        }

        _objects[Count] = new VisitedObject
        {
            Instance = instance,
            Layout = layout,
            Sample = sample,
            Group = SampleTree.NoGroup,
        };
        Count++;
        if (Count == Unhashed + 1)
        {
            for (int i = 0; i < Count; i++)
            {
                Hash(i);
            }
        }
        else if (Count > Unhashed)
        {
            Hash(Count - 1);
        }

        return Count - 1;
    }

    /// <summary>Removes all objects. Keeps none of them alive, and keeps its capacity.</summary>
    public void Clear()
    {
        if (Count <= Unhashed)
        {
            // Nothing is in a bucket.
        }
        else if (Count < _buckets.Length / 8)
        {
            for (int i = 0; i < Count; i++)
            {
                _buckets[_objects[i].Hash & (_buckets.Length - 1)] = 0;
            }
        }
        else
        {
            Array.Clear(_buckets);
        }

        Array.Clear(_objects, 0, Count);
        Count = 0;
    }

    private void Grow()
    {
        Array.Resize(ref _objects, _objects.Length * 2);
        _buckets = new int[_objects.Length];
        for (int i = 0; i < Count; i++)
        {
            Link(i);
        }
    }

    private void Hash(int index)
    {
        _objects[index].Hash = RuntimeHelpers.GetHashCode(_objects[index].Instance);
        Link(index);
    }

    private void Link(int index)
    {
        ref int bucket = ref _buckets[_objects[index].Hash & (_buckets.Length - 1)];
        _objects[index].Next = bucket - 1;
        bucket = index + 1;
    }
}
