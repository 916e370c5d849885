namespace BoundedCache.Sizing;

/// <content>What the bounds leave out is estimated.</content>
internal sealed partial class GraphWalk
{
    private const int ProbedElements = 2048;
    private const int ProbedInAll = 32 * 1024;
    private const int ElementsForShare = 256;
    private const int GlimpsedElements = 8;

    /// <summary>The standard deviations by which the probes may differ from what was counted.</summary>
    private const int ProbeTolerance = 4;

    private void EstimateTheRest()
    {
        _mode = Mode.Probing;
        CountElements();
        int probes = Math.Clamp(ProbedInAll / (_active.Count + _suspended.Count + 1), GlimpsedElements, ProbedElements);
        GroupCursor[] cursors = [.. _active, .. _suspended.UnorderedItems.Select(static item => item.Element)];
        foreach (ArrayCursor cursor in cursors.OfType<ArrayCursor>())
        {
            _samples.SetSeen(cursor.Group, Math.Max(1, SeenOf(cursor, probes) + SeenByOtherWays(cursor, probes)));
        }

        foreach (NodeCursor cursor in cursors.OfType<NodeCursor>())
        {
            while (!cursor.IsAtEnd)
            {
                LeaveOut(cursor.Take());
            }
        }

        _mode = Mode.ChargingOnly;
        ChargePending();
    }

    // A node or element that was not visited: the scale of those that were stands for it already.
    private void LeaveOut(int index)
    {
        ref VisitedObject pending = ref _visited[index];
        if (pending.IsExpanded)
        {
            return;
        }

        pending.IsExpanded = true;
        _samples.Charge(pending.Sample, -pending.Layout.SizeOf(pending.Instance));
        if (NodeGroupOf(index) is not SampleTree.NoGroup and var group)
        {
            _samples.SeeOneLess(group);
        }
    }

    private void CountElements()
    {
        for (int i = 0; i < _visited.Count; i++)
        {
            ref VisitedObject visited = ref _visited[i];
            int group = _samples.GroupOf(visited.Sample);
            if (visited.IsExpanded && group >= 0 && visited.Layout == _samples.ElementLayoutOf(group))
            {
                _samples.CountElement(group);
            }
        }
    }

    /// <summary>
    /// Charges the objects to which the pending objects refer directly, and a few elements of pending arrays.
    /// </summary>
    private void ChargePending()
    {
        int most = Math.Max(1024, _bounds.MaxObjects / 4);
        while (_pending.Count > 0)
        {
            int index = PopPending();
            if (index is CursorMark)
            {
                continue;
            }

            ref VisitedObject pending = ref _visited[index];
            if (pending.Layout == _samples.ElementLayoutOf(_samples.GroupOf(pending.Sample))
                || (NodeGroupOf(index) is not SampleTree.NoGroup and var group && _samples.SeenOf(group) > 1))
            {
                LeaveOut(index);
            }
            else if (most-- > 0)
            {
                int active = _active.Count;
                Expand(index);
                if (_active.Count > active)
                {
                    Glimpse((ArrayCursor)CloseTop());
                }
            }
        }
    }

    private void Glimpse(ArrayCursor cursor)
    {
        while (cursor.Seen < GlimpsedElements)
        {
            EnterElementOf(cursor);
            _isFilled = false;
            VisitElement(cursor.Array, cursor.Layout, cursor.NextIndex);
            cursor.MoveNext(_isFilled);
        }

        _samples.SetSeen(cursor.Group, cursor.Seen);
    }

    // Where some elements are empty, a turn seldom ends with one of those: of the few that were seen too many are not.
    private double SeenOf(ArrayCursor cursor, int mostProbes)
    {
        int probes = (int)Math.Min(cursor.Length, Math.Min(mostProbes, ElementsForShare));
        if (cursor.Seen >= probes || cursor.Filled == 0)
        {
            return cursor.Seen;
        }

        long filled = cursor.Filled;
        for (long rank = cursor.Seen; rank < probes; rank++)
        {
            _isFilled = false;
            VisitElement(cursor.Array, cursor.Layout, cursor.IndexAt(rank));
            filled += _isFilled ? 1 : 0;
        }

        return (double)cursor.Filled / filled * probes;
    }

    /// <summary>
    /// Estimates how many elements that the cursor did not come to were visited because others refer to them.
    /// </summary>
    /// <remarks>
    /// In a list of friends who know each other, the first element leads to all others. Without this, all of them would
    /// be taken for that element's own, and multiplied by the length of the list.
    /// </remarks>
    private double SeenByOtherWays(ArrayCursor cursor, int mostProbes)
    {
        if (_samples.ElementLayoutOf(cursor.Group) is null)
        {
            return 0; // The elements refer to nothing, so not to each other.
        }

        long left = cursor.Length - cursor.Seen;
        int probes = (int)Math.Min(left, mostProbes);
        int elements = 0;
        int hits = 0;
        EnterElementOf(cursor);
        for (int i = 0; i < probes; i++)
        {
            // At random: in the cursor's order, the next elements are far from those it saw, while elements that refer
            // to each other are often neighbours.
            long rank = cursor.Seen + (probes == left ? i : (long)(Scatter((ulong)i) % (ulong)left));
            (_probedElement, _probeHit) = (false, false);
            VisitElement(cursor.Array, cursor.Layout, cursor.IndexAt(rank));
            elements += _probedElement ? 1 : 0;
            hits += _probeHit ? 1 : 0;
        }

        _samples.NoteProbes(cursor.Group, probes, hits);
        if (hits == 0)
        {
            return 0;
        }

        // Of the places that are not empty: the buckets of a hash table are an array with holes.
        double share = (double)hits / elements;
        double likely = share * left;
        double deviation = left * Math.Sqrt(share * (1 - share) / elements);
        double counted = (_samples.ElementsOf(cursor.Group) * ((double)probes / elements)) - cursor.Seen;
        if (Math.Abs(counted - likely) > ProbeTolerance * deviation)
        {
            return likely;
        }

        _samples.SetCounted(cursor.Group);
        return counted;
    }

    // The output function of SplitMix64 (Steele, Lea, Flood 2014): the same numbers each time, and evenly spread.
    private static ulong Scatter(ulong i)
    {
        ulong z = (i + 1) * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
