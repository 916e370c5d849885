using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Sizing;

/// <summary>
/// One measurement of an object graph: what is still to visit, what was visited, and how to judge the rest.
/// </summary>
/// <remarks>
/// <para>Not thread-safe; taken from <see cref="GraphWalkPool"/>. An object is charged when it is first reached, and
/// its references visited later, from an explicit stack: the depth of the graph costs heap, not call stack.</para>
/// <para>Small arrays are visited like fields. A large one gets a cursor, which advances one element at a time, the
/// whole subtree of an element before the next one, and which is interrupted in favour of the others after a turn of a
/// few objects, then longer and longer turns: when the bounds end the walk, every large array has been sampled, not
/// just the first one met. See <see cref="SampleTree"/> for what is made of the samples.</para>
/// <para>Objects that others change meanwhile are no danger: an array never changes its length, and a field that
/// changes leads to the old object or to the new one.</para>
/// </remarks>
internal sealed partial class GraphWalk
{
    private const int SmallArray = 16;
    private const int StepsPerTimeCheck = 128;

    private readonly VisitedSet _visited = new();
    private readonly SampleTree _samples = new();
    private readonly Stack<int> _pending = new();
    private readonly Stack<ArrayCursor> _active = new();
    private readonly Queue<ArrayCursor> _suspended = new();

    private GraphBounds _bounds;
    private long _started;
    private long _learning;
    private int _steps;
    private Mode _mode;
    private bool _sawEstimatedLayout;
    private bool _probeHit;

    // Where the references being visited belong: a sample or, where it is -1, one yet to be made in the group.
    private int _sample;
    private int _group;

    // The group of nodes, if the references being visited are those of a node or of a linked collection; or -1.
    private int _nodeGroup;

    private enum Mode
    {
        Walking,
        ChargingOnly, // Out of bounds: what is reached is charged, but not followed.
        Probing,      // Out of bounds: looking whether what is reached has been seen.
    }

    /// <summary>What a walk holds on to between measurements, in objects.</summary>
    public int Capacity => Math.Max(_visited.Capacity, Math.Max(_samples.SampleCapacity, _pending.Capacity));

    /// <summary>The bytes of the objects that can be reached from the root, itself included.</summary>
    public long Measure(object root, GraphBounds bounds, out bool isEstimated)
    {
        _bounds = bounds;
        (_started, _learning, _steps) = (0, 0, 0);
        _mode = Mode.Walking;
        (_sawEstimatedLayout, SawOpaque) = (false, false);
        _samples.Begin();
        (_sample, _group, _nodeGroup) = (0, -1, -1);
        Reach(root);

        bool isComplete = WalkWithinBounds();
        if (!isComplete)
        {
            JudgeTheRest();
        }

        isEstimated = !isComplete || _sawEstimatedLayout;
        return isComplete ? _samples.TotalBytes : _samples.Extrapolate();
    }

    /// <summary>The objects that the measurement reached.</summary>
    public int ObjectCount => _visited.Count;

    /// <summary>Whether the measurement met objects that this process cannot look into.</summary>
    public bool SawOpaque { get; private set; }

    /// <summary>The bytes charged so far, for when a measurement broke off.</summary>
    public long BytesSoFar => _samples.TotalBytes;

    /// <summary>Forgets the graph.</summary>
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
            if ((_visited.Count >= _bounds.MaxObjects
                && (_visited.Count >= _bounds.MaxConnectedObjects || CanBeScaled()))
                || (++_steps % StepsPerTimeCheck == 0 && IsOutOfTime()))
            {
                return false;
            }

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

    // Between two elements of an array, or two nodes of a collection that knows their number. Anywhere else what is
    // pending is of unknown extent.
    private bool CanBeScaled()
    {
        if (!_pending.TryPeek(out int index))
        {
            return true;
        }

        ref VisitedObject next = ref _visited[index];
        return next.Layout.IsNode && _samples.IsNodeGroup(_samples.GroupOf(next.Sample));
    }

    // The clock starts at the first look at it: asking what time it is takes longer than a small graph.
    private bool IsOutOfTime()
    {
        long now = Stopwatch.GetTimestamp();
        if (_started == 0)
        {
            (_started, _learning) = (now, 0);
        }

        return Stopwatch.GetElapsedTime(_started + _learning, now) > _bounds.MaxTime;
    }

    private void Expand(int index)
    {
        ref VisitedObject visited = ref _visited[index];
        if (visited.IsExpanded)
        {
            return; // Pushed once when first reached and once when moved.
        }

        visited.IsExpanded = true;
        object instance = visited.Instance;
        TypeLayout layout = visited.Layout;
        (_sample, _group) = (visited.Sample, -1);
        _nodeGroup = -1;
        if (layout.VisitFields is { } visitFields)
        {
            _nodeGroup = NodeGroupFor(ref visited);
            visitFields(instance, this); // From here on, visited may refer to an array that has been replaced.
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

        if (visited.Group < 0 && visited.Layout.NodeCount is { } count)
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
