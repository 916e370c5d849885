using System.Runtime.InteropServices;

namespace BoundedCache.Sizing;

/// <content>Large arrays, and collections of nodes, take turns.</content>
internal sealed partial class GraphWalk
{
    private const int FirstTurnsPerBudget = 64;
    private const int ShortestTurn = 8;
    private const int FewSideBySide = 16;
    private const int EmptyElementsPerObject = 16;

    // True if nothing is pending but elements of arrays, and nodes of collections, that had their first turns. Of
    // anything else nothing tells how much it is.
    private bool CanBeScaled()
    {
        if (_pending.Count != _active.Count)
        {
            return false;
        }

        foreach (GroupCursor cursor in _active)
        {
            if (_samples.TurnOf(cursor.Group).Round == 0)
            {
                return false;
            }
        }

        return true;
    }

    // The group of nodes that a pending object is one of.
    private int NodeGroupOf(int index)
    {
        ref VisitedObject pending = ref _visited[index];
        return pending.IsNodeOfGroup ? _samples.GroupOf(pending.Sample) : SampleTree.NoGroup;
    }

    /// <summary>References that are visited next are those of one more element.</summary>
    private void EnterElementOf(ArrayCursor cursor) =>
        (_sample, _group, _nodeGroup) = (NewSample, cursor.Group, SampleTree.NoGroup);

    private void Advance(GroupCursor cursor)
    {
        if (IsTurnOver(cursor.Group, cursor.Seen))
        {
            CloseTop();
            Suspend(cursor);
        }
        else if (cursor.IsAtEnd)
        {
            CloseTop();
        }
        else if (cursor is NodeCursor nodes)
        {
            Expand(nodes.Take());
        }
        else
        {
            VisitNext((ArrayCursor)cursor);
        }
    }

    private void VisitNext(ArrayCursor cursor)
    {
        EnterElementOf(cursor);
        int known = _visited.Count;
        int first = _pending.Count;
        _isFilled = false;
        VisitElement(cursor.Array, cursor.Layout, cursor.NextIndex);
        cursor.MoveNext(_isFilled);
        NoteElementLayout(cursor.Group, known);
        if (cursor.IsAtEnd)
        {
            _active.Pop();
            _pending.RemoveAt(first - 1);
            _samples.SetSeen(cursor.Group, cursor.Seen);
        }
    }

    // What a node holds comes before the next node: only nodes that were seen whole can be scaled.
    private int MoveNodesToFront(Span<int> pending)
    {
        int front = 0;
        for (int i = 0; i < pending.Length; i++)
        {
            if (_visited[pending[i]].Layout.IsNode)
            {
                (pending[front], pending[i]) = (pending[i], pending[front]);
                front++;
            }
        }

        return front;
    }

    private GroupCursor CloseTop()
    {
        _pending.RemoveAt(_pending.Count - 1);
        return _active.Pop();
    }

    // Outer groups first: an array says how long it is as soon as it is reached, so it is better to look into many
    // inner ones than to look further into a few.
    private void Suspend(GroupCursor cursor) =>
        _suspended.Enqueue(cursor, (_samples.DepthOf(cursor.Group), _turns++));

    private void Resume(GroupCursor cursor)
    {
        ref GroupTurn turn = ref _samples.TurnOf(cursor.Group);
        turn.Round++;
        (turn.FirstObject, turn.FirstElement) = (_visited.Count, cursor.Seen);
        _active.Push(cursor);
        _pending.Add(CursorMark);
    }

    // If the next object is a node: a collection of nodes takes turns like an array, but gets a cursor only after its
    // first turn. Between two nodes, all of its nodes that are pending lie on top of each other.
    private bool TrySuspendNodes()
    {
        int group = NodeGroupOf(_pending[^1]);
        if (group == SampleTree.NoGroup)
        {
            return false;
        }

        ref GroupTurn turn = ref _samples.TurnOf(group);
        if (turn.FirstObject == 0)
        {
            turn.FirstObject = _visited.Count;
        }

        if (!IsTurnOver(group, 0))
        {
            return false;
        }

        int first = _pending.Count - 1;
        while (first > 0 && _pending[first - 1] is not CursorMark && NodeGroupOf(_pending[first - 1]) == group)
        {
            first--;
        }

        var cursor = new NodeCursor(group);
        cursor.AddWay(CollectionsMarshal.AsSpan(_pending)[first..]);
        _pending.RemoveRange(first, _pending.Count - first);
        Suspend(cursor);
        return true;
    }

    // Turns are shorter the deeper an array lies, so that many inner arrays are sampled instead of a few completed, and
    // the more lie side by side: nothing tells how many there are, and all must be looked at.
    // They are four times longer in each round, so that a walk within its bounds completes soon.
    private bool IsTurnOver(int group, long seen)
    {
        ref GroupTurn turn = ref _samples.TurnOf(group);
        int nesting = Math.Min(2 * _samples.DepthOf(group), 30);
        long share = (long)(_bounds.MaxObjects / FirstTurnsPerBudget) >> nesting;
        long length = Math.Max(ShortestTurn, share * FewSideBySide / Math.Max(FewSideBySide, _samples.NumberOf(group)))
            << Math.Min(2 * turn.Round, 30);
        return _visited.Count - turn.FirstObject >= length
            || seen - turn.FirstElement >= length * EmptyElementsPerObject;
    }

    private void NoteElementLayout(int group, int firstNew)
    {
        for (int i = firstNew; i < _visited.Count && _samples.ElementLayoutOf(group) is null; i++)
        {
            if (!_visited[i].Layout.IsLeaf)
            {
                _samples.SetElementLayout(group, _visited[i].Layout);
            }
        }
    }
}
