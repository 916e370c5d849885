using System.Collections.Immutable;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>Estimates are compared with the exact measurement, which other tests compare with the collector.</summary>
public sealed class GraphBoundsTests
{
    private const int Many = 100_000;

    private static readonly GraphBounds s_bounds = new(10_000);

    public static TheoryData<string> Shapes() => [.. s_shapes.Keys];

    private static readonly Dictionary<string, Func<object>> s_shapes = new(StringComparer.Ordinal)
    {
        ["List"] = () => Range(Many).Select(i => new Item(i)).ToList(),
        ["Array"] = () => Range(Many).Select(i => new Item(i)).ToArray(),
        ["Strings growing"] = () => Range(Many).Select(i => new string('x', i / 1000)).ToList(),
        ["Strings alternating"] = () => Range(Many).Select(i => new string('x', i % 2 == 0 ? 2 : 200)).ToList(),
        ["Dictionary"] = () => Range(Many).ToDictionary(i => $"key {i}", i => new Item(i)),
        ["Dictionary growing"] = () =>
        {
            var d = new Dictionary<string, Item>();
            foreach (int i in Range(70_000))
            {
                d.Add($"key {i}", new Item(i));
            }

            return d;
        },
        ["HashSet"] = () => Range(Many).Select(i => $"key {i}").ToHashSet(),
        ["Just over the bound"] = () => Range(6_000).Select(i => new Item(i)).ToList(),
        ["All share one"] = () =>
        {
            byte[] shared = new byte[50_000];
            return Range(Many).Select(i => new Holder(new Item(i), shared)).ToList();
        },
        ["Groups share"] = () =>
        {
            string[] categories = [.. Range(100).Select(i => new string('c', 500 + i))];
            return Range(Many).Select(i => new Holder(new Item(i), categories[i % 100])).ToList();
        },
        ["Inner lists that each share one"] = () => Range(2000).Select(i =>
        {
            byte[] shared = new byte[10_000];
            return Range(40).Select(j => new Holder(new Item(j), shared)).ToList();
        }).ToList(),
        ["Back references"] = () => Range(20_000).Select(i => new Order(3)).ToList(),
        ["Lists in a list"] = () => Range(300).Select(i => Range(300).Select(j => new Item(j)).ToList()).ToList(),
        ["Many lists side by side"] = () =>
            Range(12).Select(i => (object)Range(20_000).Select(j => new Item(j)).ToList()).ToArray(),
        ["Two dictionaries"] = () => (
            Range(Many).ToDictionary(i => i, i => new Item(i)), Range(30_000).ToDictionary(i => i, i => new byte[100])),
        ["Friends of friends"] = () => Friends(Many),
        ["Many friends of friends"] = () => Friends(30_000, 40),
        ["One of many friends of friends"] = () => Friends(30_000, 40)[0],
        ["Some of many friends of friends"] = () => Friends(30_000, 40).GetRange(0, 2000),
        ["Folders in folders"] = () => Folder.Tree(20, 4),
        ["Clusters of friends"] = () => Clusters(60_000, 4),
        ["Uneven lists in a list"] = () => Range(1000)
            .Select(i => Range(40 + (i * 7919 % 401)).Select(j => new Item(j)).ToList()).ToList(),
        ["LinkedList"] = () => new LinkedList<Item>(Range(Many).Select(i => new Item(i))),
        ["SortedDictionary"] = () =>
            new SortedDictionary<int, Item>(Range(Many).ToDictionary(i => i, i => new Item(i))),
        ["ImmutableList"] = () => Range(Many).Select(i => new Item(i)).ToImmutableList(),
        ["ImmutableDictionary"] = () => Range(Many).ToImmutableDictionary(i => i, i => new Item(i)),
        ["ImmutableSortedDictionary"] = () => Range(Many).ToImmutableSortedDictionary(i => i, i => new Item(i)),
        ["Index over a linked list"] = () =>
        {
            var list = new LinkedList<Item>(Range(Many).Select(i => new Item(i)));
            var index = new Dictionary<int, LinkedListNode<Item>>();
            for (LinkedListNode<Item>? node = list.First; node is not null; node = node.Next)
            {
                index.Add(index.Count, node);
            }

            return (list, index);
        },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_large_graph_of_similar_elements_is_estimated_within_5_percent(string shape)
    {
        object value = s_shapes[shape]();
        var measurer = new ObjectMeasurer(bounds: s_bounds);

        long estimate = measurer.Measure(value);

        Assert.Equal(1, measurer.EstimatedCount);
        Truth.AssertWithin(0.05, Truth.Measure(value), estimate);
    }

    [Fact]
    public void An_estimate_is_the_same_each_time()
    {
        object value = s_shapes["Groups share"]();
        var measurer = new ObjectMeasurer(bounds: s_bounds);
        Assert.Equal(measurer.Measure(value), measurer.Measure(value));
    }

    [Fact]
    public void A_graph_at_the_bound_is_exact_and_one_beyond_is_counted_and_told()
    {
        var told = new List<Type>();
        var measurer = new ObjectMeasurer(bounds: s_bounds with { MaxObjects = 100 }, onEstimated: told.Add);

        measurer.Measure(Range(99).Select(i => new object()).ToArray());
        Assert.Equal(0, measurer.EstimatedCount);

        measurer.Measure(Range(200).Select(i => new object()).ToArray());
        Assert.Equal(1, measurer.EstimatedCount);
        Assert.Equal([typeof(object[])], told);
    }

    [Fact]
    public void Whoever_is_told_of_estimates_may_throw()
    {
        var measurer = new ObjectMeasurer(
            bounds: s_bounds with { MaxObjects = 10 }, onEstimated: _ => throw new InvalidOperationException());
        Assert.True(measurer.Measure(Range(200).Select(i => new object()).ToArray()) > 0);
    }

    [Fact]
    public void A_chain_of_a_million_nodes_neither_overflows_the_stack_nor_exceeds_the_bound()
    {
        Node? head = null;
        for (int i = 0; i < 1_000_000; i++)
        {
            head = new Node { Next = head };
        }

        var measurer = new ObjectMeasurer(bounds: s_bounds);
        long perNode = Truth.Measure(new Node());
        Assert.InRange(measurer.Measure(head), 9_000 * perNode, 1_000_000 * perNode);
        Assert.Equal(1, measurer.EstimatedCount);

        Assert.Equal(1_000_000 * perNode, Truth.Measure(head!));
    }

    [Fact]
    public void Lists_and_trees_of_the_applications_own_nodes_are_exact_up_to_six_times_the_bound()
    {
        Node? chain = null;
        for (int i = 0; i < 55_000; i++)
        {
            chain = new Node { Next = chain };
        }

        var measurer = new ObjectMeasurer(bounds: s_bounds);
        Assert.Equal(Truth.Measure(chain!), measurer.Measure(chain));
        object tree = Tree(14);
        Assert.Equal(Truth.Measure(tree), measurer.Measure(tree));
        Assert.Equal(0, measurer.EstimatedCount);
    }

    [Fact]
    public void An_element_that_alone_is_beyond_the_bound_is_scaled_whole()
    {
        object[] trees = [.. Range(40).Select(i => Tree(13))];
        var measurer = new ObjectMeasurer(bounds: s_bounds);
        Truth.AssertWithin(0.05, Truth.Measure(trees), measurer.Measure(trees));
        Assert.Equal(1, measurer.EstimatedCount);
    }

    [Fact]
    public void Elements_that_lead_to_nothing_new_are_bounded_too()
    {
        object[] value = new object[1_000_000];
        for (int i = 0; i < value.Length; i += 2)
        {
            value[i] = s_bounds;
        }

        var measurer = new ObjectMeasurer(bounds: s_bounds);
        long estimate = measurer.Measure(value);

        Assert.Equal(1, measurer.EstimatedCount);
        Truth.AssertWithin(0.05, Truth.Measure(value), estimate);
    }

    [Fact]
    public void A_huge_array_of_nothing_costs_no_more_than_its_own_size()
    {
        object[] empty = new object[5_000_000];
        var measurer = new ObjectMeasurer(bounds: s_bounds);
        Assert.Equal(ObjectSize.Align(ObjectSize.ArrayBase + (5_000_000L * IntPtr.Size)), measurer.Measure(empty));
    }

    [Theory]
    [InlineData(17)]
    [InlineData(18)]
    [InlineData(1000)]
    [InlineData(4096)]
    [InlineData(65_537)]
    public void A_cursor_comes_to_each_element_once(int length)
    {
        int[] array = new int[length];
        var cursor = new ArrayCursor(array, TypeLayouts.Get(array), 0);
        var seen = new HashSet<long>();
        while (!cursor.IsAtEnd)
        {
            Assert.InRange(cursor.NextIndex, 0, length - 1);
            Assert.Equal(cursor.IndexAt(cursor.Seen), cursor.NextIndex);
            Assert.True(seen.Add(cursor.NextIndex));
            cursor.MoveNext(wasFilled: true);
        }

        Assert.Equal(length, seen.Count);
    }

    private static IEnumerable<int> Range(int count) => Enumerable.Range(0, count);

    private static List<Friend> Friends(int count, int each = 5)
    {
        var random = new Random(1);
        List<Friend> friends = [.. Range(count).Select(i => new Friend(i))];
        foreach (Friend friend in friends)
        {
            for (int i = 0; i < each; i++)
            {
                friend.Friends.Add(friends[random.Next(count)]);
            }
        }

        return friends;
    }

    private static Branch Tree(int depth) =>
        depth == 0 ? new Branch(null, null) : new Branch(Tree(depth - 1), Tree(depth - 1));

    private static List<Friend> Clusters(int count, int size)
    {
        List<Friend> friends = [.. Range(count).Select(i => new Friend(i))];
        for (int i = 0; i < count; i++)
        {
            friends[i].Friends.AddRange(friends.GetRange(i / size * size, size));
        }

        return friends;
    }

    private sealed record Item(int Number)
    {
        public string Name { get; } = $"item number {Number}";
    }

    private sealed record Holder(Item Item, object Shared);

    private sealed class Node
    {
        public Node? Next { get; set; }
    }

    private sealed record Folder(string Name, List<Folder> Folders)
    {
        public static Folder Tree(int width, int depth) =>
            new($"a folder at {depth}", depth == 0 ? [] : [.. Range(width).Select(i => Tree(width, depth - 1))]);
    }

    private sealed record Branch(Branch? Left, Branch? Right);

    private sealed class Order
    {
        public Order(int lines) => Lines = [.. Range(lines).Select(i => new Line(this))];

        public List<Line> Lines { get; }
    }

    private sealed record Line(Order Order);

    private sealed class Friend(int number)
    {
        public string Name { get; } = $"friend {number}";

        public List<Friend> Friends { get; } = new(5);
    }
}
