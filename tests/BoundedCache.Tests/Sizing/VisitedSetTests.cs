using System.Runtime.CompilerServices;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

public sealed class VisitedSetTests
{
    private static readonly TypeLayout s_layout = new();

    private readonly VisitedSet _set = new();

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(10_000)]
    public void Each_object_is_found_at_the_index_at_which_it_was_added(int count)
    {
        object[] objects = Make(count);
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(-1, _set.IndexOf(objects[i]));
            Assert.Equal(i, _set.Add(objects[i], s_layout, i));
            Assert.Equal(i, _set.IndexOf(objects[i]));
            Assert.Equal(i + 1, _set.Count);
        }

        Assert.All(objects, (added, i) => Assert.Equal(i, _set.IndexOf(added)));
        Assert.Equal(-1, _set.IndexOf(new object()));
    }

    [Fact]
    public void What_was_noted_of_an_object_stays_as_the_set_grows()
    {
        object[] objects = Make(1000);
        for (int i = 0; i < objects.Length; i++)
        {
            _set.Add(objects[i], s_layout, sample: 7 * i);
            Assert.Equal((-1, false), (_set[i].Group, _set[i].IsExpanded));
            _set[i].Group = i;
            _set[i].IsExpanded = i % 2 == 0;
        }

        for (int i = 0; i < objects.Length; i++)
        {
            ref VisitedObject visited = ref _set[i];
            Assert.Same(objects[i], visited.Instance);
            Assert.Same(s_layout, visited.Layout);
            Assert.Equal((7 * i, i, i % 2 == 0), (visited.Sample, visited.Group, visited.IsExpanded));
        }
    }

    [Fact]
    public void Objects_are_told_apart_by_identity_and_none_of_their_code_runs()
    {
        object[] objects = [.. Enumerable.Range(0, 100).Select(static _ => new Hostile())];
        Array.ForEach(objects, item => _set.Add(item, s_layout, 0));

        Assert.All(objects, (item, i) => Assert.Equal(i, _set.IndexOf(item)));
        Assert.Equal(-1, _set.IndexOf(new Hostile()));
    }

    [Fact]
    public void Few_objects_are_found_without_an_identity_hash()
    {
        var first = new object();
        _set.Add(first, s_layout, 0);
        for (int i = 0; i < 7; i++)
        {
            _set.Add(new object(), s_layout, 0);
            Assert.Equal(0, _set.IndexOf(first));
            Assert.Equal(0, _set[0].Hash);
        }

        _set.Add(new object(), s_layout, 0);
        Assert.Equal(RuntimeHelpers.GetHashCode(first), _set[0].Hash);
        Assert.Equal(0, _set.IndexOf(first));
    }

    [Fact]
    public void It_doubles_when_it_is_full()
    {
        Assert.Equal(32, _set.Capacity);
        Add(Make(32));
        Assert.Equal(32, _set.Capacity);
        Add(Make(1));
        Assert.Equal(64, _set.Capacity);
    }

    /// <remarks>With as many buckets as objects, a third of the objects share theirs.</remarks>
    [Fact]
    public void Objects_in_the_same_bucket_are_all_found()
    {
        object[] objects = Make(1 << 12);
        Add(objects);
        int buckets =
            objects.Select(static item => RuntimeHelpers.GetHashCode(item) & ((1 << 12) - 1)).Distinct().Count();

        Assert.InRange(buckets, 1, 3 << 10);
        Assert.All(objects, (item, i) => Assert.Equal(i, _set.IndexOf(item)));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(100)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(1000)]
    public void A_cleared_set_is_as_good_as_new(int count)
    {
        Add(Make(1024));
        _set.Clear();
        object[] before = Make(count);
        Add(before);
        _set.Clear();

        Assert.Equal(0, _set.Count);
        Assert.Equal(1024, _set.Capacity);
        Assert.All(before, item => Assert.Equal(-1, _set.IndexOf(item)));
        object[] after = [.. before.Skip(1), .. Make(20)];
        Add(after);
        Assert.Equal(-1, _set.IndexOf(before[0]));
        Assert.All(after, (item, i) => Assert.Equal(i, _set.IndexOf(item)));
    }

    [Fact]
    public void A_cleared_set_keeps_no_object_alive()
    {
        WeakReference[] references = Forget(500);
        _set.Clear();

        Assert.True(Eventually.Dead(references));
        GC.KeepAlive(_set);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_agrees_with_another_set_at_random(int seed)
    {
        var random = new Random(seed);
        object[] objects = Make(3000);
        for (int round = 0; round < 20; round++)
        {
            var indices = new Dictionary<object, int>(ReferenceEqualityComparer.Instance);
            int steps = 1 << random.Next(1, 13);
            for (int i = 0; i < steps; i++)
            {
                object item = objects[random.Next(objects.Length)];
                int expected = indices.GetValueOrDefault(item, -1);
                Assert.Equal(expected, _set.IndexOf(item));
                if (expected < 0)
                {
                    indices.Add(item, _set.Add(item, s_layout, 0));
                }
            }

            Assert.Equal(indices.Count, _set.Count);
            Assert.All(objects, item => Assert.Equal(indices.GetValueOrDefault(item, -1), _set.IndexOf(item)));
            _set.Clear();
        }
    }

    /// <remarks>The end of a ring refers to its root, which is then one of many objects.</remarks>
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(5000)]
    public void Each_object_of_a_ring_counts_once(int length)
    {
        Ring root = new();
        Ring last = root;
        for (int i = 1; i < length; i++)
        {
            last = last.Next = new Ring { Root = root };
        }

        last.Next = root;
        root.Root = root;

        Assert.Equal(32L * length, Truth.Measure(root));
    }

    private static object[] Make(int count) => [.. Enumerable.Range(0, count).Select(static _ => new object())];

    private void Add(object[] objects) => Array.ForEach(objects, item => _set.Add(item, s_layout, 0));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference[] Forget(int count)
    {
        object[] objects = Make(count);
        Add(objects);
        return [.. objects.Select(static item => new WeakReference(item))];
    }

    private sealed class Ring
    {
        public Ring? Next { get; set; }

        public Ring? Root { get; set; }
    }

    private sealed class Hostile
    {
        public override bool Equals(object? obj) => throw new InvalidOperationException("Equals ran.");

        public override int GetHashCode() => throw new InvalidOperationException("GetHashCode ran.");
    }
}
