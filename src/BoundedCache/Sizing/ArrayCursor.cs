namespace BoundedCache.Sizing;

/// <summary>A walk's position in a group: in a large array, or among the nodes of a collection.</summary>
internal abstract class GroupCursor(int group)
{
    public int Group { get; } = group;

    /// <summary>Elements or nodes visited, also empty ones.</summary>
    public long Seen { get; protected set; }

    public abstract bool IsAtEnd { get; }
}

/// <summary>A walk's position among the nodes of one collection: those that are known and not visited yet.</summary>
/// <remarks>
/// Goes on with the latest node that was found, but now and then with the one nearest to the root: in a tree that one
/// leads to another part. Neither order alone sees an even sample: in depth it sees one end of a sorted tree, in
/// breadth it sees the nodes near the root, which often were added first.
/// </remarks>
internal sealed class NodeCursor(int group) : GroupCursor(group)
{
    private const int NodesInARow = 64;

    private readonly List<(int Node, int Depth)> _nodes = [];
    private int _depth;

    public override bool IsAtEnd => _nodes.Count == 0;

    /// <summary>Adds the nodes of a way down, each with what was left out there.</summary>
    public void AddWay(ReadOnlySpan<int> nodes)
    {
        foreach (int node in nodes)
        {
            _nodes.Add((node, _nodes.Count));
        }
    }

    /// <summary>Adds those to which the node that was taken leads.</summary>
    public void Add(ReadOnlySpan<int> nodes)
    {
        foreach (int node in nodes)
        {
            _nodes.Add((node, _depth + 1));
        }
    }

    public int Take()
    {
        int next = _nodes.Count - 1;
        if (Seen++ % NodesInARow == 0)
        {
            for (int i = next - 1; i >= 0; i--)
            {
                next = _nodes[i].Depth <= _nodes[next].Depth ? i : next;
            }
        }

        (int node, _depth) = _nodes[next];
        _nodes.RemoveAt(next);
        return node;
    }
}

/// <summary>A walk's position in one large array.</summary>
/// <remarks>
/// Each step is about the golden section of the length. Wherever the walk stops, the elements seen are spread evenly
/// over the array, and they are the same ones each time. The step and the length have no common divisor, so that every
/// element is visited once.
/// </remarks>
internal sealed class ArrayCursor(Array array, TypeLayout layout, int group) : GroupCursor(group)
{
    private const double GoldenSection = 0.6180339887498949;

    private readonly long _stride = StrideFor(array.LongLength);
    private readonly long _start = StartFor(group, array.LongLength);

    public Array Array { get; } = array;

    public TypeLayout Layout { get; } = layout;

    public long Length { get; } = array.LongLength;

    public override bool IsAtEnd => Seen == Length;

    /// <summary>Those of <see cref="GroupCursor.Seen"/> that are not empty.</summary>
    public long Filled { get; private set; }

    public long NextIndex { get; private set; } = StartFor(group, array.LongLength);

    public void MoveNext(bool wasFilled)
    {
        Seen++;
        Filled += wasFilled ? 1 : 0;
        long next = NextIndex + _stride;
        NextIndex = next >= Length ? next - Length : next;
    }

    /// <summary>The index of the element that the cursor visits after <paramref name="rank"/> others.</summary>
    public long IndexAt(long rank) => (long)((((UInt128)rank * (ulong)_stride) + (ulong)_start) % (ulong)Length);

    // Another one in each array: of many arrays that look alike, not always the same elements are seen.
    private static long StartFor(int group, long length) =>
        (long)(((uint)group * 0x9E3779B97F4A7C15 >> 33) % (ulong)length);

    private static long StrideFor(long length)
    {
        long stride = Math.Max(1, (long)(length * GoldenSection));
        while (GreatestCommonDivisor(stride, length) != 1)
        {
            stride++;
        }

        return stride;
    }

    private static long GreatestCommonDivisor(long a, long b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
