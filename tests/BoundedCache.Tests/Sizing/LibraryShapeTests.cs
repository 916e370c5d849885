using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Collections.Specialized;
using System.ComponentModel;
using System.Dynamic;
using System.Globalization;
using System.Net.Http.Headers;
using System.Numerics;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using System.Xml;
using System.Xml.Linq;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests.Sizing;

/// <summary>Classes of the framework that people cache, with what a cache is likely to hold in them.</summary>
[Collection(HeapTests.Name)]
public sealed class LibraryShapeTests
{
    public static TheoryData<string> Shapes() => [.. s_shapes.Keys];

    private static readonly string s_json = "[" + string.Join(
        ",", Enumerable.Range(0, 100).Select(i => $$"""{"id":{{i}},"name":"item {{i}}","tags":["a","b"]}""")) + "]";

    private static readonly string s_xml =
        "<r>" + string.Concat(Enumerable.Range(0, 100).Select(i => $"<i id='{i}'>text {i}</i>")) + "</r>";

    private static readonly Dictionary<string, Func<object>> s_shapes = new(StringComparer.Ordinal)
    {
        ["JsonDocument"] = () => JsonDocument.Parse(s_json),
        ["JsonDocument of bytes"] = () => JsonDocument.Parse(Encoding.UTF8.GetBytes(s_json)),
        ["JsonElement, cloned"] = () => JsonDocument.Parse(s_json).RootElement.Clone(),
        ["JsonElement in a record"] = () => new Message("m", JsonDocument.Parse(s_json).RootElement.Clone()),
        ["JsonArray, not read"] = () => JsonNode.Parse(s_json)!,
        ["JsonArray, read"] = () => Read(JsonNode.Parse(s_json)!),
        ["XDocument"] = () => XDocument.Parse(s_xml),
        ["XmlDocument"] = () => Load(s_xml),
        ["BitArray"] = () => new BitArray(10_000),
        ["ArrayList"] = () => new ArrayList(Names(200)),
        ["Hashtable"] = () => Fill(new Hashtable(), 200),
        ["SortedList"] = () => new SortedList<string, string>(Names(50).ToDictionary(n => n, n => n + "x")),
        ["SortedList of old"] = () => Fill(new SortedList(), 200),
        ["SortedSet"] = () => new SortedSet<string>(Names(200)),
        ["Stack"] = () => new Stack<string>(Names(200)),
        ["PriorityQueue"] = () => new PriorityQueue<string, int>(Names(200).Select((n, i) => (n, i))),
        ["OrderedDictionary"] = () => new OrderedDictionary<string, string>(
            Names(200).Select(n => KeyValuePair.Create(n, n + "x"))),
        ["OrderedDictionary of old"] = () => Fill(new OrderedDictionary(), 200),
        ["ListDictionary"] = () => Fill(new ListDictionary(), 100),
        ["HybridDictionary"] = () => Fill(new HybridDictionary(), 100),
        ["NameValueCollection"] = () => Fill(new NameValueCollection(), 200),
        ["StringCollection"] = () => Fill(new StringCollection(), 200),
        ["StringDictionary"] = () => Fill(new StringDictionary(), 200),
        ["FrozenDictionary"] = () => Names(200).ToFrozenDictionary(n => n, n => n + "x"),
        ["FrozenDictionary of ints"] = () => Enumerable.Range(0, 200).ToFrozenDictionary(i => i * 7, i => Name(i)),
        ["FrozenDictionary of few"] = () => Names(3).ToFrozenDictionary(n => n, n => n + "x"),
        ["FrozenSet"] = () => Names(200).ToFrozenSet(),
        ["FrozenSet, ignoring case"] = () => Names(200).ToFrozenSet(StringComparer.OrdinalIgnoreCase),
        ["FrozenSet of ints"] = () => Enumerable.Range(0, 200).Select(i => i * 3).ToFrozenSet(),
        ["ImmutableSortedDictionary"] = () => Names(200).ToImmutableSortedDictionary(n => n, n => n + "x"),
        ["ImmutableSortedSet"] = () => Names(200).ToImmutableSortedSet(),
        ["ImmutableHashSet"] = () => Names(200).ToImmutableHashSet(),
        ["ImmutableList"] = () => Names(200).ToImmutableList(),
        ["ImmutableQueue"] = () => ImmutableQueue.CreateRange(Names(200)),
        ["ReadOnlyDictionary"] = () => new ReadOnlyDictionary<string, string>(Names(200).ToDictionary(n => n)),
        ["ReadOnlyCollection"] = () => Names(200).ToList().AsReadOnly(),
        ["ObservableCollection"] = () => new ObservableCollection<string>(Names(200)),
        ["BindingList"] = () => new BindingList<string>([.. Names(200)]),
        ["KeyedCollection"] = () => Fill(new ByName(), 200),
        ["BlockingCollection"] = () => Fill(new BlockingCollection<string>(), 200),
        ["ConcurrentStack"] = () => new ConcurrentStack<string>(Names(200)),
        ["ConcurrentBag"] = () => new ConcurrentBag<string>(Names(200)),
        ["Channel"] = () => Fill(Channel.CreateUnbounded<string>(), 200),
        ["Channel with a bound"] = () => Fill(Channel.CreateBounded<string>(500), 200),
        ["ILookup"] = () => Names(200).ToLookup(n => n.Length),
        ["IGrouping"] = () => Names(200).GroupBy(n => n.Length).ToList(),
        ["StringBuilder of chunks"] = () => Append(new StringBuilder(), 500),
        ["StringWriter"] = () => Write(new StringWriter(CultureInfo.InvariantCulture), 200),
        ["MemoryStream"] = () => new MemoryStream(new byte[5_000]),
        ["MemoryStream written"] = () => Written(5_000),
        ["Uri"] = () => new Uri($"https://example.test/{Name(1)}?q={Name(2)}"),
        ["Uri, read"] = () => Asked(new Uri($"https://example.test/{Name(1)}?q={Name(2)}")),
        ["Version"] = () => new Version(1, 2, 3, 4),
        ["BigInteger"] = () => BigInteger.Pow(7, 2_000),
        ["Complex[]"] = () => new Complex[100],
        ["StringValues"] = () => new StringValues([.. Names(20)]),
        ["Tuple"] = () => Tuple.Create(Name(1), Name(2), 3, 4L),
        ["ValueTuple"] = () => (Name(1), Name(2), 3),
        ["anonymous"] = () => new { A = Name(1), B = Names(10), C = 5m },
        ["KeyValuePair[]"] = () => Names(100).Select((n, i) => KeyValuePair.Create(n, i)).ToArray(),
        ["jagged array"] = () => Enumerable.Range(0, 50).Select(i => new double[i]).ToArray(),
        ["array of three ranks"] = () => new string[4, 5, 6],
        ["ArraySegment"] = () => new ArraySegment<byte>(new byte[1_000], 10, 100),
        ["Memory of chars"] = () => (ReadOnlyMemory<char>)Name(1).AsMemory(2),
        ["MediaTypeHeaderValue"] = () => MediaTypeHeaderValue.Parse("text/plain; a=b" + new string('c', 20)),
        ["HttpResponseMessage"] = () => new HttpResponseMessage { Content = new ByteArrayContent(new byte[2_000]) },
        ["Exception"] = () => new InvalidOperationException(Name(4), new ArgumentException(Name(5))),
        ["Exception, thrown"] = () => Thrown(),
        ["MatchCollection"] = () => Regex.Matches(string.Join(' ', Names(100)), "item"),
        ["query"] = () => Names(50).Where(n => n.Length > 3).Select(n => n + "x"),
        ["query of a list"] = () => Names(50).ToList().Where(n => n.Length > 3),
        ["Lazy of a list"] = () => Made(new Lazy<List<string>>(() => [.. Names(50)])),
        ["Task of a list"] = () => Task.FromResult(Names(50).ToList()),
        ["Task<ImmutableArray>"] = () => Task.FromResult(Names(50).ToImmutableArray()),
        ["WeakReference"] = () => new WeakReference<string>(Name(3)),
        ["SemaphoreSlim"] = () => new SemaphoreSlim(1),
        ["ReaderWriterLockSlim"] = () => new ReaderWriterLockSlim(),
        ["ManualResetEventSlim"] = () => new ManualResetEventSlim(),
        ["Nullable struct with text"] = () => (Point?)new Point(1, Name(2)),
        ["struct list"] = () => Enumerable.Range(0, 100).Select(i => new Point(i, Name(i))).ToList(),
        ["dictionary of dictionaries"] = () => Enumerable.Range(0, 20).ToDictionary(
            i => i, i => Names(10).ToDictionary(n => n, n => (object)n.Length)),
        ["Vector4[]"] = () => new Vector4[100],
        ["DateOnly list"] = () => Enumerable.Range(0, 100).Select(i => DateOnly.MinValue.AddDays(i)).ToList(),
        ["object list, boxed"] = () => Enumerable.Range(0, 100).Select(i => (object)i).ToList(),
        ["Half[]"] = () => new Half[100],
        ["Int128 list"] = () => Enumerable.Range(0, 100).Select(i => (Int128)i).ToList(),
        ["nint[]"] = () => new nint[100],
        ["Range list"] = () => Enumerable.Range(0, 100).Select(i => new Range(i, i + 1)).ToList(),
        ["CompositeFormat"] = () => CompositeFormat.Parse("{0} and {1:N2} " + Name(3)),
    };

    private static readonly Dictionary<string, Func<object>> s_sharing = new(StringComparer.Ordinal)
    {
        ["JsonObject made"] = () => new JsonObject { ["a"] = 1, ["b"] = new JsonArray(1, 2, 3), ["c"] = Name(1) },
        ["ClaimsPrincipal"] = () => new ClaimsPrincipal(new ClaimsIdentity(
            Names(20).Select(n => new Claim(n, n + "x")), "test")),
        ["HttpRequestMessage"] = () => new HttpRequestMessage(HttpMethod.Get, "https://example.test/" + Name(4))
        {
            Content = new StringContent(Name(5)),
        },
        ["Exception with data"] = () => new InvalidOperationException(Name(4)) { Data = { ["a"] = Name(6) } },
        ["ExpandoObject"] = () => Expand(50),
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void It_is_within_5_percent_of_what_the_collector_counts(string shape)
    {
        (object value, long bytes) = Retained(s_shapes[shape]);
        Truth.AssertWithin(0.05, bytes, Truth.Measure(value));
    }

    /// <summary>Such a value is charged for what it shares, which may be more than itself, and never less.</summary>
    [Theory]
    [InlineData("JsonObject made", 0.2)]
    [InlineData("ClaimsPrincipal", 0.2)]
    [InlineData("HttpRequestMessage", 0.2)]
    [InlineData("Exception with data", 0.2)]
    [InlineData("ExpandoObject", 1.1)]
    public void What_shares_literals_or_a_class_of_the_framework_is_charged_for_them_too(string shape, double more)
    {
        (object value, long bytes) = Retained(s_sharing[shape]);
        Assert.InRange(Truth.Measure(value), bytes * 0.95, bytes * (1 + more));
    }

    /// <summary>Of enough copies that what the process itself allocates meanwhile is little beside them.</summary>
    private static (object Value, long Bytes) Retained(Func<object> build) =>
        Truth.Retained(build, copies: (int)Math.Max(500, 4_000_000 / Truth.Measure(build())));

    private static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"item number {i}");

    private static string[] Names(int count) => [.. Enumerable.Range(0, count).Select(Name)];

    private static JsonNode Read(JsonNode node)
    {
        foreach (JsonNode? item in node.AsArray())
        {
            _ = item!["name"]!.GetValue<string>();
        }

        return node;
    }

    private static XmlDocument Load(string xml)
    {
        var document = new XmlDocument();
        document.LoadXml(xml);
        return document;
    }

    private static IDictionary Fill(IDictionary into, int count)
    {
        foreach (string name in Names(count))
        {
            into[name] = name + "x";
        }

        return into;
    }

    private static NameValueCollection Fill(NameValueCollection into, int count)
    {
        foreach (string name in Names(count))
        {
            into.Add(name, name + "x");
        }

        return into;
    }

    private static StringDictionary Fill(StringDictionary into, int count)
    {
        foreach (string name in Names(count))
        {
            into.Add(name, name + "x");
        }

        return into;
    }

    private static StringCollection Fill(StringCollection into, int count)
    {
        into.AddRange(Names(count));
        return into;
    }

    private static ByName Fill(ByName into, int count)
    {
        foreach (string name in Names(count))
        {
            into.Add(new Point(1, name));
        }

        return into;
    }

    private static BlockingCollection<string> Fill(BlockingCollection<string> into, int count)
    {
        foreach (string name in Names(count))
        {
            into.Add(name);
        }

        return into;
    }

    private static Channel<string> Fill(Channel<string> into, int count)
    {
        foreach (string name in Names(count))
        {
            Assert.True(into.Writer.TryWrite(name));
        }

        return into;
    }

    private static ExpandoObject Expand(int count)
    {
        IDictionary<string, object?> expando = new ExpandoObject();
        foreach (string name in Names(count))
        {
            expando[name] = name + "x";
        }

        return (ExpandoObject)expando;
    }

    private static StringBuilder Append(StringBuilder builder, int count)
    {
        foreach (string name in Names(count))
        {
            builder.Append(name);
        }

        return builder;
    }

    private static StringWriter Write(StringWriter writer, int count)
    {
        foreach (string name in Names(count))
        {
            writer.Write(name);
        }

        return writer;
    }

    private static MemoryStream Written(int bytes)
    {
        var stream = new MemoryStream();
        for (int i = 0; i < bytes; i++)
        {
            stream.WriteByte((byte)i);
        }

        return stream;
    }

    private static Uri Asked(Uri uri)
    {
        _ = uri.Host + uri.PathAndQuery + uri.AbsoluteUri;
        return uri;
    }

    private static InvalidOperationException Thrown()
    {
        try
        {
            throw new InvalidOperationException(Name(3));
        }
        catch (InvalidOperationException exception)
        {
            return exception;
        }
    }

    private static Lazy<List<string>> Made(Lazy<List<string>> lazy)
    {
        _ = lazy.Value;
        return lazy;
    }

    private sealed record Message(string Name, JsonElement Body);

    private readonly record struct Point(int X, string Name);

    private sealed class ByName : KeyedCollection<string, Point>
    {
        protected override string GetKeyForItem(Point item) => item.Name;
    }
}
