using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Sizing;

/// <summary>
/// One measurement of an object graph: visits objects within bounds, and estimates the rest.
/// </summary>
/// <remarks>
/// <para>Not thread-safe. Taken from <see cref="GraphWalkPool"/>. An object is charged when it is first reached, and
/// its references visited later, from an explicit stack: the depth of the graph costs heap, not call stack.</para>
/// <para>Small arrays are visited like fields. A large array gets a cursor, which visits an element and all that it
/// leads to before the next element. The nodes of a collection that knows their number get one after their first turn.
/// A cursor has its first turn as soon as the walk comes to it, and waits for further, longer ones: when the bounds end
/// the walk, every large array has been sampled, not just the first. <see cref="SampleTree"/> scales the samples.
/// </para>
/// <para>Other threads may change the objects meanwhile: an array never changes its length, and a field that changes
/// leads to the old object or to the new one.</para>
/// </remarks>
internal sealed partial class GraphWalk(RecentSet? seen = null)
{
    private const int SmallArray = 16;

    /// <summary>A visited object takes as much memory as these cells.</summary>
    private const int FullCellsPerObject = 8;

    /// <summary>Stands among the pending objects for the top of the active cursors.</summary>
    private const int CursorMark = -1;

    /// <summary>With more large arrays in one element, only a few elements of each are looked at.</summary>
    private const int MostSideBySide = 256;

    /// <summary>Stands for a sample that is made when the first reference is found.</summary>
    private const int NewSample = -1;

    private readonly VisitedSet _visited = new();
    private readonly SampleTree _samples = new();
    private readonly List<int> _pending = [];
    // The cursors that are marked among the pending objects, in the same order.
    private readonly Stack<GroupCursor> _active = new();
    private readonly PriorityQueue<GroupCursor, (int Depth, long Turn)> _suspended = new();

    private FullWalk? _full;
    private GraphBounds _bounds;
    private object? _root;
    private long _steps;
    private Mode _mode;
    private bool _sawEstimatedLayout;

    // A chain that knows its length, but not in nodes, and is too long to be counted.
    private bool _sawUncountedChain;
    private bool _isIndex;
    private bool _isFilled; // Whether anything was reached since it was set to false.
    private bool _probedElement;
    private bool _probeHit;
    private bool _isConnected;
    private long _turns;

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
        CountingAll,  // FullWalk takes the objects that are reached.
    }

    /// <summary>The number of objects for which the walk keeps room between measurements.</summary>
    public int Capacity => Math.Max(
        Math.Max(_visited.Capacity, (_full?.Capacity ?? 0) / FullCellsPerObject),
        Math.Max(_samples.SampleCapacity, _pending.Capacity));

    /// <summary>The bytes of the objects that can be reached from the root, itself included.</summary>
    public long Measure(object root, GraphBounds bounds, out MeasureNotes notes)
    {
        // Nearly every value ends within the bounds, and counting costs half of what sampling does.
        (_sawEstimatedLayout, SawOpaque) = (false, false);
        if (TryCount(root, bounds.MaxObjects, bounds.MaxCountedElements, CancellationToken.None))
        {
            notes = Notes(isComplete: true, isLowerBound: false);
            return _full!.Bytes;
        }

        Clear();
        Begin(root, bounds);
        bool isComplete = WalkWithinBounds();
        if (!isComplete && !CanBeScaled() && !_samples.HasGroups)
        {
            // Linked nodes and nothing else so far: cheaper to count all of them than to sample.
            bool isCounted = TryCount(
                root, bounds.MaxLinkedObjects, bounds.MaxConnectedSteps, CancellationToken.None);
            notes = Notes(isCounted, isLowerBound: !isCounted);
            if (isCounted || !_full!.MetLargeArray)
            {
                return _full!.Bytes;
            }

            Clear();
            Begin(root, bounds);
            _isConnected = true;
            isComplete = WalkWithinBounds();
        }

        notes = Notes(
            isComplete,
            isLowerBound: !isComplete
                && (!CanBeScaled() || _sawUncountedChain || _samples.MostSideBySide > MostSideBySide));
        if (isComplete)
        {
            return _samples.TotalBytes;
        }

        EstimateTheRest();
        return _samples.Extrapolate();
    }

    /// <summary>The same, but no object is left out.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled meanwhile.</exception>
    public long MeasureFully(object root, CancellationToken cancellationToken)
    {
        TryCount(root, long.MaxValue, long.MaxValue, cancellationToken);
        return _full!.Bytes;
    }

    /// <summary>
    /// Counts the objects that can be reached from the root, but for those that this walk counted before: adds them to
    /// <see cref="BytesSoFar"/>. Call <see cref="Clear"/> where it was not completed.
    /// </summary>
    /// <returns>Whether it was completed within so many objects in all and so many elements of large arrays.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled meanwhile.</exception>
    public bool TryCount(object root, long maxObjects, long maxElements, CancellationToken cancellationToken)
    {
        _full ??= new FullWalk(this, seen ?? new RecentSet());
        (_root, _mode, _isIndex) = (root, Mode.CountingAll, false);
        Reach(root);
        return _full.Run(maxObjects, maxElements, cancellationToken);
    }

    /// <summary>The objects that the measurement reached.</summary>
    public long ObjectCount => _full is { Objects: > 0 } full ? full.Objects : _visited.Count;

    /// <summary>Whether the measurement met objects that this process cannot look into.</summary>
    public bool SawOpaque { get; private set; }

    /// <summary>The bytes charged so far: the answer where a measurement throws.</summary>
    public long BytesSoFar => Math.Max(_samples.TotalBytes, _full?.Bytes ?? 0);

    /// <summary>Lets go of the graph, also after a measurement that threw.</summary>
    public void Clear()
    {
        _root = null;
        _full?.Clear();
        _visited.Clear();
        _samples.Clear();
        _pending.Clear();
        _active.Clear();
        _suspended.Clear();
    }

    private void Begin(object root, GraphBounds bounds)
    {
        (_root, _bounds, _steps, _isConnected) = (root, bounds, 0, false);
        _turns = 0;
        (_sawEstimatedLayout, _sawUncountedChain, SawOpaque) = (false, false, false);
        (_mode, _isIndex) = (Mode.Walking, false);
        _samples.Begin();
        (_sample, _group, _nodeGroup) = (0, SampleTree.NoGroup, SampleTree.NoGroup);
        Reach(root);
    }

    private MeasureNotes Notes(bool isComplete, bool isLowerBound) =>
        (isComplete && !_sawEstimatedLayout ? MeasureNotes.None : MeasureNotes.Estimated)
        | (isLowerBound ? MeasureNotes.LowerBound : MeasureNotes.None);

    /// <returns>Whether nothing is left.</returns>
    private bool WalkWithinBounds()
    {
        while (_pending.Count > 0 || _suspended.Count > 0)
        {
            if (IsOutOfBounds())
            {
                return false;
            }

            _steps++;
            if (_pending.Count == 0)
            {
                Resume(_suspended.Dequeue());
            }
            else if (_pending[^1] is CursorMark)
            {
                Advance(_active.Peek());
            }
            else if (!TrySuspendNodes())
            {
                Expand(PopPending());
            }
        }

        return true;
    }

    private bool IsOutOfBounds() =>
        (_visited.Count >= _bounds.MaxObjects || _steps >= _bounds.MaxSteps)
        && (CanBeScaled()
            || (!_samples.HasGroups && !_isConnected)
            || _visited.Count >= _bounds.MaxConnectedObjects
            || _steps >= _bounds.MaxConnectedSteps);

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
            int first = _pending.Count;
            visitFields(instance, this); // Do not use visited after this: the set may have grown.
            if (layout.IsNode)
            {
                int nodes = MoveNodesToFront(CollectionsMarshal.AsSpan(_pending)[first..]);
                if (nodes > 0 && _active.TryPeek(out GroupCursor? cursor) && cursor.Group == _nodeGroup)
                {
                    ((NodeCursor)cursor).Add(CollectionsMarshal.AsSpan(_pending).Slice(first, nodes));
                    _pending.RemoveRange(first, nodes);
                }
            }

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
            _samples.TurnOf(visited.Group).FirstObject = _visited.Count;
            _active.Push(new ArrayCursor(array, layout, visited.Group));
            _pending.Add(CursorMark);
        }
    }

    private int PopPending()
    {
        int index = _pending[^1];
        _pending.RemoveAt(_pending.Count - 1);
        return index;
    }

    private int NodeGroupFor(ref VisitedObject visited)
    {
        if (visited.IsNodeOfGroup)
        {
            return _samples.GroupOf(visited.Sample);
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

    /// <summary>Visits the references of one element.</summary>
    public void VisitElement(Array array, TypeLayout layout, long index) => VisitElement(array, layout, index, this);
}
