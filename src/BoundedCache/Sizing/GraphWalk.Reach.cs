using System.Diagnostics;

namespace BoundedCache.Sizing;

/// <content>What happens when a visitor finds a reference.</content>
internal sealed partial class GraphWalk
{
    /// <summary>Called by visitors for each reference they find.</summary>
    public void Reach(object? target)
    {
        if (target is null)
        {
            return;
        }

        TypeLayout layout = TypeLayouts.TryGetRecent(target) ?? LearnLayoutOf(target);
        if (layout.IsNotFollowed
            || (layout.IsDelegate && !Closures.IsOver(target))
            || (layout.IsShared(target) && _visited.Count > 0))
        {
            return;
        }

        int known = _visited.IndexOf(target);
        if (_mode == Mode.Probing)
        {
            _probeHit |= known >= 0 && _visited[known].IsExpanded && layout == _samples.ElementLayoutOf(_group);
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

    private void ReachFirst(object target, TypeLayout layout)
    {
        int sample;
        if (layout.IsNode && _nodeGroup >= 0)
        {
            sample = _samples.AddSample(_nodeGroup);
            _samples.SeeOneMore(_nodeGroup);
        }
        else
        {
            if (_sample < 0)
            {
                _sample = _samples.AddSample(_group);
            }

            sample = _sample;
        }

        _samples.Charge(sample, layout.SizeOf(target));
        _sawEstimatedLayout |= layout.IsEstimated;
        SawOpaque |= layout.IsOpaque;
        int index = _visited.Add(target, layout, sample);
        if (!layout.IsLeaf && _mode == Mode.Walking)
        {
            _pending.Push(index);
        }
    }

    // Reached by way of another element: it belongs to what both elements have in common, and so does what it leads to.
    private void ReachAgain(int index)
    {
        ref VisitedObject known = ref _visited[index];
        if (known.Sample == 0 || known.Sample == _sample)
        {
            return;
        }

        int group = _samples.GroupOf(known.Sample);
        if ((known.Layout.IsNode && group == _nodeGroup) || known.Layout == _samples.ElementLayoutOf(group))
        {
            return; // Neighbours in one collection refer to each other, and are elements all the same.
        }

        int owner = _samples.CommonOwner(known.Sample, _sample >= 0 ? _sample : _samples.OwnerOf(_group));
        if (owner == known.Sample)
        {
            return;
        }

        _samples.Move(known.Sample, owner, known.Layout.SizeOf(known.Instance));
        known.Sample = owner;
        if (known.Group >= 0)
        {
            _samples.SetOwner(known.Group, owner);
        }

        if (known.IsExpanded && _mode == Mode.Walking && (known.Group < 0 || known.Layout.VisitFields is not null))
        {
            known.IsExpanded = false;
            _pending.Push(index);
        }
    }

    // Not within the time that the walk has: see GraphBounds.
    private TypeLayout LearnLayoutOf(object target)
    {
        long before = Stopwatch.GetTimestamp();
        TypeLayout layout = TypeLayouts.Get(target);
        _learning += Stopwatch.GetTimestamp() - before;
        return layout;
    }
}
