using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Sizing;

/// <summary>How much of one object graph is looked at before the rest is extrapolated.</summary>
/// <remarks>No clock: the same value is charged the same each time, also on a busy machine.</remarks>
/// <param name="MaxObjects">
/// Distinct objects visited in one measurement; at least 1. The walk completes the element that it is in, so that only
/// whole elements are scaled up, but goes no further than <see cref="MaxConnectedObjects"/>.
/// </param>
internal readonly record struct GraphBounds(int MaxObjects)
{
    private const int ConnectedFactor = 6;
    private const int StepsPerObject = 50;

    /// <summary>10,000 objects.</summary>
    public static GraphBounds Default { get; } = new(10_000);

    /// <summary>
    /// Distinct objects visited where an element does not end: 60,000 by default, in about 4 MB of the walk's own
    /// memory. For a list or tree of the application's own nodes, or elements that all refer to each other, there is no
    /// length to which the visited part could be scaled.
    /// </summary>
    public int MaxConnectedObjects => (int)Math.Min(int.MaxValue, (long)MaxObjects * ConnectedFactor);

    /// <summary>
    /// Objects and elements of large arrays looked at, also elements that are null or lead to known objects: 500,000 by
    /// default.
    /// </summary>
    public long MaxSteps => (long)MaxObjects * StepsPerObject;

    /// <summary>The same where an element does not end.</summary>
    public long MaxConnectedSteps => MaxSteps * ConnectedFactor;
}

/// <summary>
/// One measurement of an object graph: visits objects within bounds, and estimates the rest.
/// </summary>
/// <remarks>
/// <para>Not thread-safe. Taken from <see cref="GraphWalkPool"/>. An object is charged when it is first reached, and
/// its references visited later, from an explicit stack: the depth of the graph costs heap, not call stack.</para>
/// <para>Small arrays are visited like fields. A large array gets a cursor, which visits an element and all that it
/// leads to before the next element. Cursors take turns, short ones at first and then longer ones: when the bounds end
/// the walk, every large array has been sampled, not just the first. <see cref="SampleTree"/>
/// scales the samples.</para>
/// <para>Other threads may change the objects meanwhile: an array never changes its length, and a field that changes
/// leads to the old object or to the new one.</para>
/// </remarks>
internal sealed partial class GraphWalk
{
    private const int SmallArray = 16;

    /// <summary>Stands for a sample that is made when the first reference is found.</summary>
    private const int NewSample = -1;

    private readonly VisitedSet _visited = new();
    private readonly SampleTree _samples = new();
    private readonly Stack<int> _pending = new();
    private readonly Stack<ArrayCursor> _active = new();
    private readonly Queue<ArrayCursor> _suspended = new();

    private GraphBounds _bounds;
    private long _steps;
    private Mode _mode;
    private bool _sawEstimatedLayout;
    private bool _probeHit;

    // To what the references being visited are charged: a sample, or a new one in the group.
    private int _sample;
    private int _group;

    // The group of nodes, if the references being visited are those of a node or of a linked collection.
    private int _nodeGroup;

    private enum Mode
    {
        Walking,
        ChargingOnly, // Out of bounds: objects that are reached are charged, but not followed.
        Probing,      // Out of bounds: objects that are reached are only compared with those visited.
    }

    /// <summary>The number of objects for which the walk keeps room between measurements.</summary>
    public int Capacity => Math.Max(_visited.Capacity, Math.Max(_samples.SampleCapacity, _pending.Capacity));

    /// <summary>The bytes of the objects that can be reached from the root, itself included.</summary>
    public long Measure(object root, GraphBounds bounds, out MeasureNotes notes)
    {
        _bounds = bounds;
        _steps = 0;
        _mode = Mode.Walking;
        (_sawEstimatedLayout, SawOpaque) = (false, false);
        _samples.Begin();
        (_sample, _group, _nodeGroup) = (0, SampleTree.NoGroup, SampleTree.NoGroup);
        Reach(root);

        bool isComplete = WalkWithinBounds();
        notes = isComplete ? MeasureNotes.None
            : CanBeScaled() ? MeasureNotes.Estimated
            : MeasureNotes.Estimated | MeasureNotes.LowerBound;
        if (!isComplete)
        {
            EstimateTheRest();
        }

        if (_sawEstimatedLayout)
        {
            notes |= MeasureNotes.Estimated;
        }

        return isComplete ? _samples.TotalBytes : _samples.Extrapolate();
    }

    /// <summary>The objects that the measurement reached.</summary>
    public int ObjectCount => _visited.Count;

    /// <summary>Whether the measurement met objects that this process cannot look into.</summary>
    public bool SawOpaque { get; private set; }

    /// <summary>The bytes charged so far: the answer where a measurement throws.</summary>
    public long BytesSoFar => _samples.TotalBytes;

    /// <summary>Lets go of the graph, also after a measurement that threw.</summary>
    public void Clear()
    {
        _visited.Clear();
        _samples.Clear();
        _pending.Clear();
        _active.Clear();
        _suspended.Clear();
    }

    /// <returns>Whether nothing is left.</returns>
    private bool WalkWithinBounds()
    {
        while (_pending.Count > 0 || _active.Count > 0 || _suspended.Count > 0)
        {
            if (IsOutOfBounds())
            {
                return false;
            }

            _steps++;
            if (_pending.TryPop(out int index))
            {
                Expand(index);
            }
            else
            {
                AdvanceACursor();
            }
        }

        return true;
    }

    private bool IsOutOfBounds() =>
        (_visited.Count >= _bounds.MaxObjects || _steps >= _bounds.MaxSteps)
        && (_visited.Count >= _bounds.MaxConnectedObjects || _steps >= _bounds.MaxConnectedSteps || CanBeScaled());

    // True between two elements of an array, and between two nodes of a collection that knows their number. Anywhere
    // else nothing tells how much is pending.
    private bool CanBeScaled()
    {
        if (!_pending.TryPeek(out int index))
        {
            return true;
        }

        ref VisitedObject next = ref _visited[index];
        return next.Layout.IsNode && _samples.IsNodeGroup(_samples.GroupOf(next.Sample));
    }

    private void Expand(int index)
    {
        ref VisitedObject visited = ref _visited[index];
        if (visited.IsExpanded)
        {
            return; // Pushed twice: when it was first reached and when it was moved.
        }

        visited.IsExpanded = true;
        object instance = visited.Instance;
        TypeLayout layout = visited.Layout;
        (_sample, _group, _nodeGroup) = (visited.Sample, SampleTree.NoGroup, SampleTree.NoGroup);
        if (layout.VisitFields is { } visitFields)
        {
            _nodeGroup = NodeGroupFor(ref visited);
            visitFields(instance, this); // Do not use visited after this: the set may have grown.
            return;
        }

        var array = (Array)instance;
        long length = array.LongLength;
        if (length <= SmallArray)
        {
            for (long i = 0; i < length; i++)
            {
                VisitElement(array, layout, i);
            }
        }
        else
        {
            visited.Group = _samples.AddGroup(visited.Sample, length, ofNodes: false);
            var cursor = new ArrayCursor(array, layout, visited.Group);
            cursor.TurnStart = (_visited.Count, 0);
            _active.Push(cursor);
        }
    }

    private int NodeGroupFor(ref VisitedObject visited)
    {
        int own = _samples.GroupOf(visited.Sample);
        if (visited.Layout.IsNode && _samples.IsNodeGroup(own))
        {
            return own;
        }

        if (visited.Group == SampleTree.NoGroup && visited.Layout.NodeCount is { } count)
        {
            long nodes = (int)count.GetValue(visited.Instance)! - (visited.Layout.IsNode ? 1 : 0);
            visited.Group = _samples.AddGroup(visited.Sample, nodes, ofNodes: true);
        }

        return visited.Group;
    }

    private static void VisitElement(Array array, TypeLayout layout, long index, GraphWalk walk)
    {
        ref byte first = ref MemoryMarshal.GetArrayDataReference(array);
        layout.VisitElement!(ref Unsafe.AddByteOffset(ref first, (nint)(index * layout.ElementBytes)), walk);
    }

    private void VisitElement(Array array, TypeLayout layout, long index) => VisitElement(array, layout, index, this);
}
