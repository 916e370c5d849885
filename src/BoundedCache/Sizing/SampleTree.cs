using System.Runtime.InteropServices;

namespace BoundedCache.Sizing;

/// <summary>
/// To which element of which collection the bytes of a walk belong, so that an unfinished walk can be scaled.
/// </summary>
/// <remarks>
/// <para>A <em>group</em> is the elements of one large array, or the nodes of one linked collection; a <em>sample</em>
/// is what was found by way of one of its elements. Sample 0 is the measured value itself. Each group is owned by the
/// sample in which its array lies, so the two form a tree. When a walk stops early, a group's bytes are multiplied by
/// its length over the elements seen, innermost groups first.</para>
/// <para>An object that two samples reach belongs to the sample in which both lie: it exists once, and must not be
/// multiplied as though each element had its own. Owners come before what they own, so the common owner of two samples
/// is found by replacing the larger number by its owner until both are equal.</para>
/// </remarks>
internal sealed class SampleTree
{
    /// <summary>How far outwards a group of the same elements is looked for.</summary>
    private const int GroupsAround = 8;

    private readonly List<Sample> _samples = [];
    private readonly List<Group> _groups = [];

    public int SampleCapacity => _samples.Capacity;

    /// <summary>All bytes charged, unscaled.</summary>
    public long TotalBytes { get; private set; }

    public void Begin()
    {
        _samples.Add(new Sample { Group = -1 });
        TotalBytes = 0;
    }

    public void Clear()
    {
        _samples.Clear();
        _groups.Clear();
    }

    public int AddGroup(int owner, long length, bool ofNodes)
    {
        int depth = _samples[owner].Group is >= 0 and var g ? _groups[g].Depth + 1 : 0;
        _groups.Add(new Group { Owner = owner, Length = length, OfNodes = ofNodes, Depth = depth });
        return _groups.Count - 1;
    }

    public int AddSample(int group)
    {
        _samples.Add(new Sample { Group = group });
        return _samples.Count - 1;
    }

    public int GroupOf(int sample) => _samples[sample].Group;

    public bool IsNodeGroup(int group) => group >= 0 && _groups[group].OfNodes;

    public int DepthOf(int group) => _groups[group].Depth;

    public int OwnerOf(int group) => _groups[group].Owner;

    public void SetOwner(int group, int owner) =>
        CollectionsMarshal.AsSpan(_groups)[group].Owner = owner;

    /// <summary>How many of the group's elements have been seen, fractions included.</summary>
    public void SetSeen(int group, double seen) =>
        CollectionsMarshal.AsSpan(_groups)[group].Seen = seen;

    public void SeeOneMore(int group) =>
        CollectionsMarshal.AsSpan(_groups)[group].Seen++;

    /// <summary>The elements of a group that carry references to objects of this layout stand for the group.</summary>
    public TypeLayout? ElementLayoutOf(int group) => group < 0 ? null : _groups[group].ElementLayout;

    public void SetElementLayout(int group, TypeLayout layout) =>
        CollectionsMarshal.AsSpan(_groups)[group].ElementLayout = layout;

    /// <summary>Notes an object of the elements' layout, by whatever way it was reached.</summary>
    public void CountElement(int group) => CollectionsMarshal.AsSpan(_groups)[OutermostLike(group)].Elements++;

    /// <summary>
    /// How many objects of the elements' layout were counted in the group, and in those within it that have the same.
    /// </summary>
    public int ElementsOf(int group) => _groups[group].Elements;

    /// <summary>
    /// Notes that those counted are elements of the group's own array, so that its length tells
    /// how many there are in all.
    /// </summary>
    public void SetCounted(int group) => CollectionsMarshal.AsSpan(_groups)[group].IsCounted = true;

    /// <summary>
    /// Notes how many elements not yet come to were looked at, and how many of those had been visited.
    /// </summary>
    public void NoteProbes(int group, int probes, int hits)
    {
        if (OutermostLike(group) is var outermost && outermost != group)
        {
            ref Group outer = ref CollectionsMarshal.AsSpan(_groups)[outermost];
            (outer.Probes, outer.Hits) = (outer.Probes + probes, outer.Hits + hits);
        }
    }

    /// <summary>
    /// The outermost of the groups around this one whose elements have the same layout; itself if there is none.
    /// </summary>
    private int OutermostLike(int group)
    {
        if (_groups[group].Outermost is > 0 and var known)
        {
            return known - 1;
        }

        int outermost = group;
        int around = group;
        for (int i = 0; i < GroupsAround && _samples[_groups[around].Owner].Group is >= 0 and var next; i++)
        {
            around = next;
            if (_groups[around].ElementLayout == _groups[group].ElementLayout)
            {
                outermost = OutermostLike(around);
                break;
            }
        }

        CollectionsMarshal.AsSpan(_groups)[group].Outermost = outermost + 1;
        return outermost;
    }

    public void Charge(int sample, long bytes)
    {
        TotalBytes += bytes;
        CollectionsMarshal.AsSpan(_samples)[sample].Bytes += bytes;
    }

    public void Move(int from, int to, long bytes)
    {
        Charge(from, -bytes);
        Charge(to, bytes);
    }

    /// <summary>The innermost sample in which both lie.</summary>
    public int CommonOwner(int a, int b)
    {
        while (a != b)
        {
            if (a > b)
            {
                a = _groups[_samples[a].Group].Owner;
            }
            else
            {
                b = _groups[_samples[b].Group].Owner;
            }
        }

        return a;
    }

    /// <summary>The bytes of the whole graph, as far as those seen tell.</summary>
    /// <remarks>
    /// Groups within groups of the same elements are two different things. Folders within folders are all distinct, and
    /// the scales of inner and outer groups multiply. Friends of friends are the same people again: the share of those
    /// met that had been met before is the share of all that were seen. Taken for folders, they would multiply beyond
    /// all bounds; folders, taken for friends, would too, as none is met twice. So the smaller answer is the right one.
    /// </remarks>
    public long Extrapolate()
    {
        double bytes = Extrapolate(areClosed: false);
        if (_groups.Exists(static group => group.Hits > 0))
        {
            bytes = Math.Min(bytes, Extrapolate(areClosed: true));
        }

        return bytes >= long.MaxValue ? long.MaxValue : (long)bytes;
    }

    private double Extrapolate(bool areClosed)
    {
        double[] bytes = [.. _samples.Select(static sample => sample.Bytes)];
        for (int i = bytes.Length - 1; i > 0; i--)
        {
            int index = _samples[i].Group;
            bytes[_groups[index].Owner] += bytes[i] * ScaleOf(index, areClosed);
        }

        return bytes[0];
    }

    private double ScaleOf(int index, bool areClosed)
    {
        Group group = _groups[index];
        double scale = group.Seen > 0 ? Math.Max(1, group.Length / group.Seen) : 1;
        return !areClosed || group.Outermost == 0 ? scale
            : group.Outermost != index + 1 && _groups[group.Outermost - 1].Hits > 0 ? 1
            : group.Hits > 0 && !group.IsCounted ? (double)group.Probes / group.Hits
            : scale;
    }

    private struct Sample
    {
        public int Group;
        public double Bytes;
    }

    private struct Group
    {
        public int Owner;
        public int Depth;
        public long Length;
        public double Seen;
        public int Elements;
        public bool IsCounted;
        public int Outermost; // Its index + 1, or 0 where nobody asked.
        public int Probes;
        public int Hits;
        public bool OfNodes;
        public TypeLayout? ElementLayout;
    }
}
