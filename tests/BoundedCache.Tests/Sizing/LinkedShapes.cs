using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace BoundedCache.Tests.Sizing;

/// <summary>
/// Values of about so many objects, whose nodes lead to each other and whose number is written nowhere.
/// </summary>
internal static class LinkedShapes
{
    public static readonly Dictionary<string, Func<int, object>> All = new(StringComparer.Ordinal)
    {
        ["Cons cells"] = objects =>
        {
            object[]? head = null;
            for (int i = 0; i < objects / 2; i++)
            {
                head = [head!, new object()];
            }

            return head!;
        },
        ["Own list, payload first"] = objects =>
        {
            Node? head = null;
            for (int i = 0; i < objects / 3; i++)
            {
                head = new Node { Next = head, Payload = new Item(i) };
            }

            return head!;
        },
        ["Own list of two types in turn"] = objects =>
        {
            object? head = null;
            for (int i = 0; i < objects / 3; i++)
            {
                head = Tuple.Create(new object(), (object)new Node { Payload = head });
            }

            return head!;
        },
        ["Doubly linked"] = objects => Doubly(objects / 3)[0],
        ["Doubly linked, held in the middle"] = objects => Doubly(objects / 3)[objects / 6],
        ["Ring"] = objects =>
        {
            Node[] nodes = Doubly(objects / 3);
            (nodes[0].Previous, nodes[^1].Next) = (nodes[^1], nodes[0]);
            return nodes[0];
        },
        ["Nodes that share their payloads"] = objects =>
        {
            byte[][] shared = [.. Enumerable.Range(0, 100).Select(static _ => new byte[2000])];
            Node? head = null;
            for (int i = 0; i < objects; i++)
            {
                head = new Node { Next = head, Payload = shared[i % 100] };
            }

            return head!;
        },
        ["Tree with parents"] = objects => Tree(objects / 2, null)!,
        ["ImmutableStack"] = objects => ImmutableStack.CreateRange<object>(Items(objects / 3)),
        ["ImmutableQueue"] = objects => ImmutableQueue.CreateRange<object>(Items(objects / 3)),
        ["ConcurrentStack"] = objects => new ConcurrentStack<object>(Items(objects / 3)),
        ["XElement"] = objects => new XElement(
            "root", Enumerable.Range(0, objects / 6).Select(static i => new XElement(
                "item", new XAttribute("id", $"number {i}"), new XElement("name", $"name {i}")))),
        ["XmlDocument"] = objects =>
        {
            var text = new StringBuilder("<root>");
            for (int i = 0; i < objects / 8; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"<a>text {i}<b>more {i}</b></a>");
            }

            var document = new XmlDocument();
            document.LoadXml(text.Append("</root>").ToString());
            return document;
        },
    };

    private static IEnumerable<Item> Items(int count) => Enumerable.Range(0, count).Select(static i => new Item(i));

    private static Node[] Doubly(int count)
    {
        Node[] nodes = [.. Items(count).Select(static item => new Node { Payload = item })];
        for (int i = 1; i < count; i++)
        {
            (nodes[i].Previous, nodes[i - 1].Next) = (nodes[i - 1], nodes[i]);
        }

        return nodes;
    }

    private static Branch? Tree(int nodes, Branch? parent)
    {
        if (nodes == 0)
        {
            return null;
        }

        var branch = new Branch { Parent = parent };
        branch.Left = Tree((nodes - 1) / 3, branch);
        branch.Right = Tree(nodes - 1 - ((nodes - 1) / 3), branch);
        return branch;
    }

    private sealed record Item(int Number)
    {
        public string Name { get; } = $"item number {Number}";
    }

    private sealed class Node
    {
        public object? Payload { get; set; }

        public Node? Next { get; set; }

        public Node? Previous { get; set; }
    }

    private sealed class Branch
    {
        public byte[] Data { get; } = new byte[10];

        public Branch? Parent { get; set; }

        public Branch? Left { get; set; }

        public Branch? Right { get; set; }
    }
}
