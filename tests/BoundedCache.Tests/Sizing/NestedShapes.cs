using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace BoundedCache.Tests.Sizing;

/// <summary>Values of about so many objects, in which large arrays lie inside other structures.</summary>
internal static class NestedShapes
{
    /// <summary>Every array and collection knows its count.</summary>
    public static readonly Dictionary<string, Func<int, object>> Counted = new(StringComparer.Ordinal)
    {
        ["Lookup of 100 groups"] = static objects => Items(objects / 2).ToLookup(static item => item.Number % 100),
        ["Lookup of 1,000 groups"] = static objects => Items(objects / 2).ToLookup(static item => item.Number % 1000),
        ["Lookup of uneven groups"] = static objects => Items(objects / 2).ToLookup(
            item => item.Number % (item.Number % 3 == 0 ? 100 : 7)),
        ["SortedDictionary of lists"] = static objects => new SortedDictionary<int, List<Item>>(
            Numbers(objects / 43).ToDictionary(static i => i, static _ => Items(20).ToList())),
        ["SortedDictionary of uneven lists"] = static objects => new SortedDictionary<int, List<Item>>(
            Numbers(objects / 100).ToDictionary(
                static i => i, static i => Items(20 + (i * 7919 % 61)).ToList())),
        ["SortedDictionary of lists that were filled"] = static objects => new SortedDictionary<int, List<Item>>(
            Numbers(objects / 43).ToDictionary(static i => i, static _ => Filled(20))),
        ["SortedSet of growing strings"] = static objects => new SortedSet<string>(
            Numbers(objects / 2).Select(i => $"{new string('x', 200 * i / objects)}{i:D7}"), StringComparer.Ordinal),
        ["ImmutableList of growing lists"] = static objects =>
            Numbers(objects / 103).Select(i => Items(50 + (i * 5000 / objects)).ToList()).ToImmutableList(),
        ["ImmutableHashSet of growing strings"] = static objects =>
            Numbers(objects / 2).Select(i => new string('x', 200 * i / objects) + i).ToImmutableHashSet(),
        ["Array of growing arrays"] = static objects =>
            Numbers(objects / 103).Select(i => Items(20 + (i * 5000 / objects)).ToArray()).ToArray(),
        ["LinkedList of lists"] = static objects => new LinkedList<List<Item>>(
            Numbers(objects / 203).Select(static _ => Items(100).ToList())),
        ["ImmutableDictionary of lists"] = static objects =>
            Numbers(objects / 103).ToImmutableDictionary(static i => i, static _ => Items(50).ToList()),
        ["ImmutableList of lists"] = static objects =>
            Numbers(objects / 103).Select(static _ => Items(50).ToList()).ToImmutableList(),
        ["ImmutableSortedDictionary of arrays"] = static objects =>
            Numbers(objects / 62).ToImmutableSortedDictionary(static i => i, static _ => Items(30).ToArray()),
        ["Dictionary of dictionaries"] = static objects => Numbers(objects / 103).ToDictionary(
            static i => i, static _ => Items(50).ToDictionary(static item => item.Number)),
        ["Dictionary of three levels"] = static objects => Numbers(objects / 1300).ToDictionary(
            static i => i, static _ => Numbers(25).ToDictionary(static i => i, static _ => Items(25).ToList())),
        ["List of lookups"] = static objects => Numbers(objects / 840)
            .Select(static _ => Items(400).ToLookup(static item => item.Number % 20)).ToList(),
        ["PriorityQueue of arrays"] = static objects => new PriorityQueue<Item[], int>(
            Numbers(objects / 61).Select(static i => (Items(30).ToArray(), i))),
        ["ConcurrentDictionary of queues"] = static objects => new ConcurrentDictionary<int, ConcurrentQueue<Item>>(
            Numbers(objects / 86).ToDictionary(static i => i, static _ => new ConcurrentQueue<Item>(Items(40)))),
        ["20 lists side by side"] = static objects => SideBySide(2, 10, objects / 40),
        ["100 lists side by side"] = static objects => SideBySide(10, 10, objects / 200),
        ["4,096 lists side by side"] = static objects =>
            Numbers(16).Select(i => SideBySide(16, 16, Math.Max(17, objects / 8192))).ToArray(),
        ["Lists in 21 fields"] = static objects => ListsInFields(objects / 42),
        ["List of objects with lists in 21 fields"] = static objects =>
            Numbers(objects / 900).Select(static _ => ListsInFields(20)).ToList(),
        ["Two sorted dictionaries"] = static objects => Tuple.Create(Sorted(objects / 6), Sorted(objects / 6)),
        ["30 linked lists side by side"] = static objects => Numbers(2).Select(
            i => Numbers(15).Select(j => new LinkedList<Item>(Items(objects / 90))).ToArray()).ToArray(),
        ["Linked list beside a list"] = static objects =>
            Tuple.Create(new LinkedList<Item>(Items(objects / 6)), Items(objects / 4).ToList()),
        ["List beside a linked list"] = static objects =>
            Tuple.Create(Items(objects / 4).ToList(), new LinkedList<Item>(Items(objects / 6))),
        ["Dictionary of linked lists"] = static objects => Numbers(objects / 301).ToDictionary(
            static i => i, static _ => new LinkedList<Item>(Items(100))),
        ["LinkedList of linked lists"] = static objects => new LinkedList<LinkedList<Item>>(
            Numbers(objects / 152).Select(static _ => new LinkedList<Item>(Items(50)))),
        ["SortedDictionary of sorted sets"] = static objects => new SortedDictionary<int, SortedSet<string>>(
            Numbers(objects / 122).ToDictionary(
                static i => i, static _ => new SortedSet<string>(Items(60).Select(static item => item.Name)))),
        ["Dictionary of linked lists of lists"] = static objects => Numbers(objects / 1300).ToDictionary(
            static i => i, static _ => new LinkedList<List<Item>>(Numbers(25).Select(static _ => Items(25).ToList()))),
        ["Strings in lists in a sorted dictionary"] = static objects => new SortedDictionary<int, List<string>>(
            Numbers(objects / 33).ToDictionary(
                static i => i, static i => Numbers(30).Select(j => new string('x', i % 50 + j)).ToList())),
    };

    /// <summary>Nodes of the application's own, each with large arrays.</summary>
    public static readonly Dictionary<string, Func<int, object>> Linked = new(StringComparer.Ordinal)
    {
        ["Chain, data first"] = static objects =>
        {
            DataFirst? head = null;
            for (int i = 0; i < objects / 22; i++)
            {
                head = new DataFirst { Data = Strings(20), Next = head };
            }

            return head!;
        },
        ["Chain, data last"] = static objects =>
        {
            DataLast? head = null;
            for (int i = 0; i < objects / 22; i++)
            {
                head = new DataLast { Data = Strings(20), Next = head };
            }

            return head!;
        },
        ["Chain of uneven data"] = static objects =>
        {
            DataFirst? head = null;
            for (int i = 0; i < objects / 52; i++)
            {
                head = new DataFirst { Data = Strings(20 + (i * 7919 % 61)), Next = head };
            }

            return head!;
        },
        ["Chain of lists"] = static objects =>
        {
            Holder? head = null;
            for (int i = 0; i < objects / 63; i++)
            {
                head = new Holder { Next = head, Content = Items(30).ToList() };
            }

            return head!;
        },
        ["Chain of linked lists"] = static objects =>
        {
            Holder? head = null;
            for (int i = 0; i < objects / 92; i++)
            {
                head = new Holder { Next = head, Content = new LinkedList<Item>(Items(30)) };
            }

            return head!;
        },
        ["Chain of large dictionaries"] = static objects =>
        {
            Holder? head = null;
            for (int i = 0; i < Math.Max(1, objects / 2003); i++)
            {
                head = new Holder { Next = head, Content = Items(1000).ToDictionary(static item => item.Number) };
            }

            return head!;
        },
        ["Categories with products"] = static objects => Category.Tree(Math.Max(1, objects / 204), 4, 100),
        ["Categories with few products"] = static objects => Category.Tree(Math.Max(1, objects / 46), 4, 20),
        ["Categories with products, declared first"] = static objects =>
            ProductsFirst.Tree(Math.Max(1, objects / 204), 4, 100),
        ["Binary tree of lists"] = static objects => Branch.Tree(objects / 63)!,
        ["List of chains of arrays"] = static objects => Numbers(objects / 2200).Select(static _ =>
        {
            DataFirst? head = null;
            for (int i = 0; i < 100; i++)
            {
                head = new DataFirst { Data = Strings(20), Next = head };
            }

            return head;
        }).ToList(),
    };

    private static IEnumerable<int> Numbers(int count) => Enumerable.Range(0, count);

    private static IEnumerable<Item> Items(int count) => Numbers(count).Select(static i => new Item(i));

    private static string[] Strings(int count) => [.. Numbers(count).Select(static i => $"text number {i}")];

    private static SortedDictionary<int, Item> Sorted(int count) =>
        new(Items(count).ToDictionary(static item => item.Number));

    private static object[] SideBySide(int outer, int inner, int count) =>
        [.. Numbers(outer).Select(i => (object)Numbers(inner).Select(j => Items(count).ToList()).ToArray())];

    // Its array has room for more.
    private static List<Item> Filled(int count)
    {
        var list = new List<Item>();
        foreach (Item item in Items(count))
        {
            list.Add(item);
        }

        return list;
    }

    private static object ListsInFields(int count)
    {
        List<Item> L() => [.. Items(count)];
        return (
            L(), L(), L(), L(), L(), L(), L(), L(), L(), L(), L(), L(), L(), L(), L(), L(), L(), L(), L(), L(), L());
    }

    public sealed record Item(int Number)
    {
        public string Name { get; } = $"item number {Number}";
    }

    private sealed class DataFirst
    {
        public string[]? Data { get; set; }

        public DataFirst? Next { get; set; }
    }

    private sealed class DataLast
    {
        public DataLast? Next { get; set; }

        public string[]? Data { get; set; }
    }

    private sealed class Holder
    {
        public object? Content { get; set; }

        public Holder? Next { get; set; }
    }

    private sealed class Category
    {
        public List<Category> Categories { get; } = [];

        public List<Item>? Products { get; set; }

        public static Category Tree(int count, int width, int products)
        {
            var all = Numbers(count).Select(_ => new Category { Products = [.. Items(products)] }).ToList();
            for (int i = 1; i < count; i++)
            {
                all[(i - 1) / width].Categories.Add(all[i]);
            }

            return all[0];
        }
    }

    private sealed class ProductsFirst
    {
        public List<Item>? Products { get; set; }

        public List<ProductsFirst> Categories { get; } = [];

        public static ProductsFirst Tree(int count, int width, int products)
        {
            var all = Numbers(count).Select(_ => new ProductsFirst { Products = [.. Items(products)] }).ToList();
            for (int i = 1; i < count; i++)
            {
                all[(i - 1) / width].Categories.Add(all[i]);
            }

            return all[0];
        }
    }

    private sealed class Branch
    {
        public List<Item> Content { get; } = [.. Items(30)];

        public Branch? Left { get; set; }

        public Branch? Right { get; set; }

        public static Branch? Tree(int count) => count == 0 ? null : new Branch
        {
            Left = Tree((count - 1) / 3),
            Right = Tree(count - 1 - ((count - 1) / 3)),
        };
    }
}
