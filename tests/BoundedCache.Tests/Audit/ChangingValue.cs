using System.Text;

namespace BoundedCache.Tests.Audit;

/// <summary>A value that is changed after it was stored, in one way of many.</summary>
/// <param name="Value">The value.</param>
/// <param name="Grow">Makes it keep about 50 KB more alive.</param>
/// <param name="Shrink">Undoes that, or most of it; null where it cannot be undone.</param>
public sealed record ChangingValue(object Value, Action Grow, Action? Shrink = null)
{
    private const int Bytes = 50_000;

    private static readonly Dictionary<string, Func<ChangingValue>> s_kinds = new()
    {
        ["list"] = static () =>
        {
            var list = new List<byte[]>();
            return new(list, () => list.Add(new byte[Bytes]), () =>
            {
                list.Clear();
                list.TrimExcess();
            });
        },
        ["array element"] = static () =>
        {
            byte[]?[] array = new byte[1][];
            return new(array, () => array[0] = new byte[Bytes], () => array[0] = null);
        },
        ["field"] = static () =>
        {
            var holder = new Holder();
            return new(holder, () => holder.Content = new byte[Bytes], () => holder.Content = null);
        },
        ["bytes of a read-only struct"] = static () =>
        {
            var holder = new BytesHolder();
            return new(holder, () => holder.Bytes = new byte[Bytes], () => holder.Bytes = default);
        },
        ["text of a read-only record struct"] = static () =>
        {
            var holder = new TextHolder();
            return new(holder, () => holder.Text = new Text(new string('x', Bytes / 2)), () => holder.Text = null);
        },
        ["object field"] = static () =>
        {
            var holder = new Holder { Content = "small" };
            return new(holder, () => holder.Content = new string('x', Bytes / 2), () => holder.Content = "small");
        },
        ["dictionary"] = static () =>
        {
            var map = new Dictionary<string, object>();
            return new(map, () => map["a"] = new byte[Bytes], () =>
            {
                map.Clear();
                map.TrimExcess();
            });
        },
        ["value inside a dictionary"] = static () =>
        {
            var holder = new Holder();
            return new(
                new Dictionary<string, Holder> { ["a"] = holder },
                () => holder.Content = new byte[Bytes],
                () => holder.Content = null);
        },
        ["StringBuilder"] = static () =>
        {
            var builder = new StringBuilder();
            return new(builder, () => builder.Append('x', Bytes / 2));
        },
        ["MemoryStream"] = static () =>
        {
            var stream = new MemoryStream();
            return new(stream, () => stream.Write(new byte[Bytes]));
        },
        ["linked structure"] = static () =>
        {
            var head = new Node();
            return new(
                head,
                () =>
                {
                    for (int i = 0; i < 1000; i++)
                    {
                        head.Next = new Node { Next = head.Next, Content = new byte[26] };
                    }
                },
                () => head.Next = null);
        },
        ["boxed struct"] = static () =>
        {
            var holder = new Holder();
            return new(
                new Pair(holder, 1),
                () => holder.Content = new byte[Bytes],
                () => holder.Content = null);
        },
        ["closure"] = static () =>
        {
            byte[] captured = [];
            Func<int> value = () => captured.Length;
            return new(value, () => captured = new byte[Bytes], () => captured = []);
        },
        ["lazy inside an object"] = static () =>
        {
            var lazy = new Lazy<byte[]>(static () => new byte[Bytes]);
            return new(new Holder { Content = lazy }, () => _ = lazy.Value);
        },
        ["nested list"] = static () =>
        {
            var inner = new List<string>();
            return new(
                new List<List<string>> { inner },
                () => inner.Add(new string('x', Bytes / 2)),
                () => inner[^1] = "");
        },
        ["hash set of a record"] = static () =>
        {
            var set = new HashSet<Version>();
            return new(
                new SetOwner(set),
                () => set.UnionWith(Enumerable.Range(0, 1000).Select(static i => new Version(i, 1))),
                () =>
                {
                    set.Clear();
                    set.TrimExcess();
                });
        },
        ["queue"] = static () =>
        {
            var queue = new Queue<byte[]>();
            return new(queue, () => queue.Enqueue(new byte[Bytes]), () => queue.Dequeue());
        },
    };

    public static TheoryData<string> Kinds => [.. s_kinds.Keys];

    public static ChangingValue Make(string kind) => s_kinds[kind]();

    public static string KindAt(int number) => s_kinds.Keys.ElementAt(number % s_kinds.Count);

    public sealed class Holder
    {
        public object? Content { get; set; }
    }

    private sealed class BytesHolder
    {
        public ArraySegment<byte> Bytes { get; set; }
    }

    private sealed class TextHolder
    {
        public Text? Text { get; set; }
    }

    private readonly record struct Text(string Content);

    private sealed class Node
    {
        public Node? Next { get; set; }

        public object? Content { get; set; }
    }

    private sealed record SetOwner(HashSet<Version> Set);

    private readonly record struct Pair(Holder Holder, int Number);
}
