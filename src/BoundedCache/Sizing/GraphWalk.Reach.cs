namespace BoundedCache.Sizing;

/// <content>Charges an object when a visitor finds a reference to it.</content>
internal sealed partial class GraphWalk
{
    private bool _seeksHidden;
    private bool _sawHidden;

    /// <summary>
    /// Whether a value holds what keeps alive more than is counted (<see cref="NotFollowed.HidesWithin"/>), as far as a
    /// measurement within bounds comes. Call <see cref="Clear"/> afterwards.
    /// </summary>
    public bool SeesHidden(object root, GraphBounds bounds)
    {
        (_seeksHidden, _sawHidden) = (true, false);
        try
        {
            TryCount(root, bounds.MaxObjects, bounds.MaxCountedElements, CancellationToken.None);
            return _sawHidden;
        }
        finally
        {
            _seeksHidden = false;
        }
    }

    /// <summary>Called by visitors for each reference they find.</summary>
    public void Reach(object? target)
    {
        if (target is null || (_mode == Mode.CountingAll && !_full!.Meet(target)))
        {
            return;
        }

        TypeLayout layout = TypeLayouts.Get(target);
        if (_seeksHidden)
        {
            _sawHidden |= NotFollowed.HidesWithin(target, layout);
        }

        if (layout.IsNotFollowed
            || (layout.IsDelegate && !Closures.IsOver(target))
            || (layout.IsShared(target) && !ReferenceEquals(target, _root)))
        {
            return;
        }

        if (_mode == Mode.CountingAll)
        {
            SawOpaque |= layout.IsOpaque;
            _sawEstimatedLayout |= layout.IsEstimated;
            _full!.Count(target, layout, isFollowed: !_isIndex);
            return;
        }

        _isFilled = true;

        int known = _visited.IndexOf(target);
        if (_mode == Mode.Probing)
        {
            bool isElement = layout == _samples.ElementLayoutOf(_group);
            _probedElement |= isElement;
            _probeHit |= isElement && known >= 0 && _visited[known].IsExpanded;
        }
        else if (known >= 0)
        {
            ReachAgain(known);
        }
        else
        {
            ReachFirst(target, layout);
        }
    }

    /// <summary>
    /// Called by visitors instead of <see cref="Reach"/> for an object that only finds what is kept elsewhere: it is
    /// charged with its arrays, and their elements are not visited through it.
    /// </summary>
    public void ReachIndex(object? index)
    {
        if (index is null)
        {
            return;
        }

        _isIndex = true;
        Reach(index);
        TypeLayouts.Get(index).VisitFields?.Invoke(index, this);
        _isIndex = false;
    }

    /// <summary>Called by visitors for the first and the last segment of a sequence.</summary>
    public void ReachSegments(object? first, object? last)
    {
        if (first is null
            || last is null
            || _mode != Mode.Walking
            || TypeLayouts.Get(first).Segments is not { } segments
            || segments.EstimateCount(first, last, out bool isCounted) is not (> 0 and var count))
        {
            Reach(first);
            Reach(last);
            return;
        }

        _sawUncountedChain |= !isCounted;
        (int sample, int outer) = (SampleNow(), _nodeGroup);
        _nodeGroup = _samples.AddGroup(sample, count, ofNodes: true);
        Reach(first);
        _nodeGroup = outer;
    }

    private int SampleNow()
    {
        if (_sample == NewSample)
        {
            _sample = _samples.AddSample(_group);
        }

        return _sample;
    }

    private void ReachFirst(object target, TypeLayout layout)
    {
        int sample;
        bool isNode = layout.IsNode && _nodeGroup != SampleTree.NoGroup;
        if (isNode)
        {
            sample = _samples.AddSample(_nodeGroup);
            _samples.SeeOneMore(_nodeGroup);
        }
        else
        {
            sample = SampleNow();
        }

        _samples.Charge(sample, layout.SizeOf(target));
        _sawEstimatedLayout |= layout.IsEstimated;
        SawOpaque |= layout.IsOpaque;
        int index = _visited.Add(target, layout, sample);
        _visited[index].IsNodeOfGroup = isNode;
        if (!layout.IsLeaf && _mode == Mode.Walking && !_isIndex)
        {
            _pending.Add(index);
        }
    }

    // Reached through another element as well: it moves to the sample in which both lie, and so does what it leads to.
    private void ReachAgain(int index)
    {
        ref VisitedObject known = ref _visited[index];
        if (known.Sample == 0 || known.Sample == _sample)
        {
            return;
        }

        int group = _samples.GroupOf(known.Sample);
        if ((known.Layout.IsNode && IsNodeGroupOf(group)) || known.Layout == _samples.ElementLayoutOf(group))
        {
            return; // An element stays an element when its neighbours refer to it.
        }

        int owner = _samples.CommonOwner(known.Sample, _sample != NewSample ? _sample : _samples.OwnerOf(_group));
        if (owner == known.Sample)
        {
            return;
        }

        _samples.Move(known.Sample, owner, known.Layout.SizeOf(known.Instance));
        known.Sample = owner;
        known.IsNodeOfGroup = false;
        if (known.Group != SampleTree.NoGroup)
        {
            _samples.SetOwner(known.Group, owner);
        }

        if (known.IsExpanded
            && _mode == Mode.Walking
            && (known.Group == SampleTree.NoGroup || known.Layout.VisitFields is not null))
        {
            known.IsExpanded = false;
            _pending.Add(index);
        }
    }

    // A builder and the collection that it was made from are two heads of the same nodes.
    private bool IsNodeGroupOf(int group) =>
        group == _nodeGroup
        || (_samples.IsNodeGroup(group)
            && _samples.IsNodeGroup(_nodeGroup)
            && _samples.OwnerOf(group) == _samples.OwnerOf(_nodeGroup));
}
