using System.Runtime.InteropServices;

namespace BoundedCache.Sizing;

/// <summary>To which element of which collection the bytes of a walk belong, so that an unfinished walk can be scaled.</summary>
/// <remarks>
/// <para>A <em>group</em> is the elements of one large array, or the nodes of one linked collection; a <em>sample</em> is
/// what was found by way of one of its elements. Sample 0 is the measured value itself. Each group is owned by the sample
/// in which its array lies, so the two form a tree. When a walk stops early, a group's bytes are multiplied by its length
/// over the elements seen, innermost groups first.</para>
/// <para>An object that two samples reach belongs to the sample in which both lie: it exists once, and must not be
/// multiplied as though each element had its own. Owners come before what they own, so the common owner of two samples is
/// found by replacing the larger number by its owner until both are equal.</para>
/// </remarks>
internal sealed class SampleTree
{
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
    public long Extrapolate()
    {
        Span<Sample> samples = CollectionsMarshal.AsSpan(_samples);
        for (int i = samples.Length - 1; i > 0; i--)
        {
            Group group = _groups[samples[i].Group];
            double scale = group.Seen > 0 ? Math.Max(1, group.Length / group.Seen) : 1;
            samples[group.Owner].Bytes += samples[i].Bytes * scale;
        }

        return samples[0].Bytes >= long.MaxValue ? long.MaxValue : (long)samples[0].Bytes;
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
        public bool OfNodes;
        public TypeLayout? ElementLayout;
    }
}
