using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace BoundedCache.Tests.Sizing;

/// <summary>Collections of collections, drawn at random.</summary>
internal static class RandomShapes
{
    private static readonly string[] s_kinds =
    [
        "List", "filled List", "array", "Dictionary", "SortedDictionary", "LinkedList", "ImmutableList", "Lookup",
        "ImmutableDictionary", "ImmutableSortedDictionary", "ConcurrentQueue", "ConcurrentDictionary", "PriorityQueue",
    ];

    /// <summary>Two to four levels of collections drawn at random, with about so many objects in all.</summary>
    public static (string Shape, object Value) Draw(int seed, int objects)
    {
        var random = new Random(seed);
        int levels = random.Next(2, 5);
        var plan = new (string Kind, int Count)[levels];
        double left = objects / 2;
        for (int i = 0; i < levels; i++)
        {
            double count = i == levels - 1 ? left : Math.Pow(left, (0.3 + random.NextDouble()) / (levels - i));
            string kind = s_kinds[random.Next(s_kinds.Length)];
            plan[i] = (kind, Math.Max(2, (int)count));
            left /= plan[i].Count;
        }

        double unevenness = random.Next(2) * 0.5;
        return (string.Join(" of ", plan) + (unevenness > 0 ? ", uneven" : ""), Level(0));

        object Level(int level)
        {
            (string kind, int count) = plan[level];
            if (level > 0)
            {
                count = (int)(count * (1 + (unevenness * ((2 * random.NextDouble()) - 1))));
            }

            IEnumerable<int> numbers = Enumerable.Range(0, count);
            return Collect(
                kind, numbers.Select(i => level < levels - 1 ? Level(level + 1) : new NestedShapes.Item(i)));
        }
    }

    private static object Collect(string kind, IEnumerable<object> items)
    {
        int number = 0;
        switch (kind)
        {
            case "List": return items.ToList();
            case "filled List":
                var list = new List<object>();
                foreach (object item in items)
                {
                    list.Add(item);
                }

                return list;
            case "array": return items.ToArray();
            case "Dictionary": return items.ToDictionary(_ => number++);
            case "SortedDictionary":
                return new SortedDictionary<int, object>(items.ToDictionary(_ => number++));
            case "LinkedList": return new LinkedList<object>(items);
            case "ImmutableList": return items.ToImmutableList();
            case "Lookup": return items.ToLookup(_ => number++ % 25);
            case "ImmutableDictionary": return items.ToImmutableDictionary(_ => number++);
            case "ImmutableSortedDictionary": return items.ToImmutableSortedDictionary(_ => number++, item => item);
            case "ConcurrentQueue": return new ConcurrentQueue<object>(items);
            case "ConcurrentDictionary":
                return new ConcurrentDictionary<int, object>(items.ToDictionary(_ => number++));
            default: return new PriorityQueue<object, int>(items.Select(item => (item, number++)));
        }
    }
}
