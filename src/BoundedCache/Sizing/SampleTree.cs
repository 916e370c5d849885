using System.Runtime.InteropServices;

namespace BoundedCache.Sizing;

/// <summary>
/// Charges the bytes of a walk to the elements of collections, so that an unfinished walk can be scaled to the whole.
/// </summary>
/// <remarks>
/// <para>A <em>group</em> is the elements of one large array, or the nodes of one linked collection; a <em>sample</em>
/// is what was found through one of its elements. Sample 0 is the measured value itself. Each group is owned by the
/// sample in which its array lies, so samples and groups form a tree. When a walk stops early, a group's bytes are
/// multiplied by its length and divided by the number of elements seen, innermost groups first.</para>
/// <para>An object that two samples reach belongs to the sample in which both lie. It exists once, and must not be
/// multiplied as if each element had its own. Owners have smaller numbers than what they own, so the common owner of
/// two samples is found by replacing the larger number by its owner until both are equal.</para>
/// </remarks>
internal sealed class SampleTree
{
    /// <summary>The group of the measured value itself.</summary>
    public const int NoGroup = -1;

    /// <summary>How many groups outwards a group of the same elements is looked for.</summary>
    private const int GroupsAround = 8;

    private readonly List<Sample> _samples = [];
    private readonly List<Group> _groups = [];

    /// <summary>Whether there is a length to which anything can be scaled.</summary>
    public bool HasGroups => _groups.Count > 0;

    public int SampleCapacity => _samples.Capacity;

    /// <summary>All bytes charged, unscaled.</summary>
    public long TotalBytes { get; private set; }

    public void Begin()
    {
        _samples.Add(new Sample { Group = NoGroup });
    }

    public void Clear()
    {
        _samples.Clear();
        _groups.Clear();
        TotalBytes = 0;
        MostSideBySide = 0;
    }

    public int AddGroup(int owner, long length, bool ofNodes)
    {
        ref Sample sample = ref CollectionsMarshal.AsSpan(_samples)[owner];
        int depth = sample.Group is not NoGroup and var outer ? _groups[outer].Depth + 1 : 0;
        int number = ++sample.Groups;
        MostSideBySide = Math.Max(MostSideBySide, number);
        _groups.Add(new Group { Owner = owner, Length = length, OfNodes = ofNodes, Depth = depth, Number = number });
        return _groups.Count - 1;
    }

    public int AddSample(int group)
    {
        _samples.Add(new Sample { Group = group });
        return _samples.Count - 1;
    }

    public int GroupOf(int sample) => _samples[sample].Group;

    public bool IsNodeGroup(int group) => group != NoGroup && _groups[group].OfNodes;

    public int DepthOf(int group) => _groups[group].Depth;

    /// <summary>Its place among the groups of its owner, from 1.</summary>
    public int NumberOf(int group) => _groups[group].Number;

    /// <summary>The most groups that one sample owns.</summary>
    public int MostSideBySide { get; private set; }

    /// <summary>The turn of the group's cursor or nodes.</summary>
    /// <remarks>The reference is valid until the next <see cref="AddGroup"/>.</remarks>
    public ref GroupTurn TurnOf(int group) => ref CollectionsMarshal.AsSpan(_groups)[group].Turn;

    public int OwnerOf(int group) => _groups[group].Owner;

    public void SetOwner(int group, int owner) =>
        CollectionsMarshal.AsSpan(_groups)[group].Owner = owner;

    /// <summary>How many of the group's elements have been seen, fractions included.</summary>
    public void SetSeen(int group, double seen) =>
        CollectionsMarshal.AsSpan(_groups)[group].Seen = seen;

    public double SeenOf(int group) => _groups[group].Seen;

    public void SeeOneMore(int group) =>
        CollectionsMarshal.AsSpan(_groups)[group].Seen++;

    public void SeeOneLess(int group) =>
        CollectionsMarshal.AsSpan(_groups)[group].Seen--;

    /// <summary>The layout of the objects that a group's elements refer to; null while none was seen.</summary>
    public TypeLayout? ElementLayoutOf(int group) => group == NoGroup ? null : _groups[group].ElementLayout;

    public void SetElementLayout(int group, TypeLayout layout) =>
        CollectionsMarshal.AsSpan(_groups)[group].ElementLayout = layout;

    /// <summary>Counts an object of the elements' layout, however it was reached.</summary>
    public void CountElement(int group) => CollectionsMarshal.AsSpan(_groups)[OutermostLike(group)].Elements++;

    /// <summary>
    /// How many objects of the elements' layout were counted in the group, and in those within it that have the same.
    /// </summary>
    public int ElementsOf(int group) => _groups[group].Elements;

    /// <summary>
    /// Says that the counted objects are elements of the group's own array, so that its length is the number of all.
    /// </summary>
    public void SetCounted(int group) => CollectionsMarshal.AsSpan(_groups)[group].IsCounted = true;

    /// <summary>
    /// Adds up how many elements were probed that the walk had not come to, and how many of them had been visited.
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
        for (int i = 0; i < GroupsAround && _samples[_groups[around].Owner].Group is not NoGroup and var next; i++)
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

    /// <summary>The estimated bytes of the whole graph.</summary>
    /// <remarks>
    /// Groups within groups of the same elements occur in two kinds of graph. In a tree (folders in folders) all
    /// elements are distinct, and the scales of inner and outer groups multiply. In a closed graph (friends of friends)
    /// the same elements come again: the share of probed elements that had been visited is the share of all elements
    /// that were visited. Either graph is far overestimated when taken for the other, so the smaller estimate is right.
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
        public int Groups;
        public double Bytes;
    }

    private struct Group
    {
        public int Owner;
        public int Depth;
        public int Number;
        public GroupTurn Turn;
        public long Length;
        public double Seen;
        public int Elements;
        public bool IsCounted;
        public int Outermost; // The index + 1 of the outermost group with the same elements; 0 while unknown.
        public int Probes;
        public int Hits;
        public bool OfNodes;
        public TypeLayout? ElementLayout;
    }
}

/// <summary>When the current turn of a group began.</summary>
internal struct GroupTurn
{
    /// <summary>How many turns are over.</summary>
    public int Round;

    /// <summary>The objects known to the walk then; 0 while the first turn has not begun.</summary>
    public int FirstObject;

    /// <summary>The elements of the array that had been visited then.</summary>
    public long FirstElement;
}
