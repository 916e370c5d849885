using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace BoundedCache.Tests.Sizing;

[Collection(HeapTests.Name)]
public sealed class CollectionSizeTests
{
    public static TheoryData<string> Shapes() => [.. s_shapes.Keys];

    private static readonly Dictionary<string, Func<object>> s_shapes = new(StringComparer.Ordinal)
    {
        ["List"] = () => Enumerable.Range(0, 200).Select(i => new Item(i)).ToList(),
        ["List of strings"] = () => Enumerable.Range(0, 200).Select(i => new string('x', i + 1)).ToList(),
        ["Dictionary"] = () => Enumerable.Range(0, 200).ToDictionary(i => $"key {i}", i => new Item(i)),
        ["Dictionary of longs"] = () => Enumerable.Range(0, 200).ToDictionary(i => (long)i, i => i),
        ["HashSet"] = () => Enumerable.Range(0, 200).Select(i => $"key {i}").ToHashSet(),
        ["Queue"] = () => new Queue<Item>(Enumerable.Range(0, 200).Select(i => new Item(i))),
        ["ImmutableArray"] = () => Enumerable.Range(0, 200).Select(i => new Item(i)).ToImmutableArray(),
        ["ImmutableDictionary"] = () =>
            Enumerable.Range(0, 200).ToImmutableDictionary(i => $"key {i}", i => new Item(i)),
        ["ConcurrentDictionary"] = () => new ConcurrentDictionary<string, Item>(
            Enumerable.Range(0, 200).Select(i => KeyValuePair.Create($"key {i}", new Item(i)))),
        ["ConcurrentQueue"] = () => new ConcurrentQueue<Item>(Enumerable.Range(0, 200).Select(i => new Item(i))),
        ["SortedDictionary"] = () =>
            new SortedDictionary<int, Item>(Enumerable.Range(0, 200).ToDictionary(i => i, i => new Item(i))),
        ["LinkedList"] = () => new LinkedList<Item>(Enumerable.Range(0, 200).Select(i => new Item(i))),
        ["Nested lists"] = () => Enumerable.Range(0, 30)
            .Select(i => Enumerable.Range(0, 30).Select(j => new Item(j)).ToList()).ToList(),
        ["Parents and children"] = () => Family(100),
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_collection_is_within_5_percent_of_what_the_collector_counts(string shape)
    {
        (object value, long bytes) = Truth.Retained(s_shapes[shape], copies: 400);
        Truth.AssertWithin(0.05, bytes, Truth.Measure(value));
    }

    private static List<Parent> Family(int count)
    {
        object shared = new byte[500];
        var parents = new List<Parent>();
        for (int i = 0; i < count; i++)
        {
            var parent = new Parent(shared);
            parent.Children.Add(new Child(parent));
            parent.Children.Add(new Child(parent));
            parents.Add(parent);
        }

        return parents;
    }

    internal sealed class Item(int number)
    {
        public string Name { get; } = $"item number {number}";

        public int Number { get; } = number;

        public DateTime Created { get; } = DateTime.UnixEpoch;
    }

    private sealed class Parent(object shared)
    {
        public List<Child> Children { get; } = [];

        public object Shared { get; } = shared;
    }

    private sealed class Child(Parent parent)
    {
        public Parent Parent { get; } = parent;
    }
}
