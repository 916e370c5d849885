using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Collections.Specialized;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>
/// Types of the framework that refer to something all of them share: each is charged as the collector counts copies.
/// </summary>
[Collection(HeapTests.Name)]
public sealed class SharedHubTests
{
    /// <summary>Bytes of all copies: some tens of KB of the heap come and go with what earlier tests left.</summary>
    private const long AllBytes = 4_000_000;

    public static TheoryData<string> Names => [.. s_values.Keys];

    private static int s_next;

    private static readonly Dictionary<string, Func<object>> s_values = new()
    {
        ["Uri"] = static () => new Uri("http://localhost/" + Next()),
        ["Uri, parsed"] = static () =>
        {
            var uri = new Uri("http://localhost:80/page/" + Next() + "?a=b");
            GC.KeepAlive(uri.Query + uri.Port);
            return uri;
        },
        ["Uri, relative"] = static () => new Uri("page/" + Next(), UriKind.Relative),
        ["JsonValue"] = static () => JsonValue.Create(Next()),
        ["JsonValue of text"] = static () => JsonValue.Create(Text())!,
        ["JsonObject"] = static () => new JsonObject { [Text()] = Next(), [Text()] = Text() },
        ["IPAddress"] = static () => new IPAddress(Next()),
        ["IPEndPoint"] = static () => new IPEndPoint(new IPAddress(Next()), 80),
        ["BigInteger"] = static () => BigInteger.Pow(Next() | 1, 20),
        ["Version"] = static () => new Version(1, 2, Next()),
        ["StringBuilder"] = static () => new StringBuilder(Text()),
        ["MemoryStream"] = static () => new MemoryStream(100),
        ["Hashtable"] = static () => new System.Collections.Hashtable { [Text()] = Next() },
        ["Dictionary"] = static () => new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { [Text()] = 1 },
        ["ConcurrentDictionary of text"] = static () => new ConcurrentDictionary<string, int>(1, 3) { [Text()] = 1 },
        ["SortedDictionary"] = static () => new SortedDictionary<int, int> { [Next()] = 1 },
        ["SortedSet"] = static () => new SortedSet<string>(StringComparer.Ordinal) { Text() },
        ["OrderedDictionary"] = static () => new OrderedDictionary<string, int> { [Text()] = 1 },
        ["Lazy, made"] = static () => new Lazy<string>(Text()),
        ["Task"] = static () => Task.FromResult(new int[3]),
        ["holder of cultures"] = static () => new object[] { TimeZoneInfo.Utc, CultureInfo.InvariantCulture },
        ["holder of singletons"] = static () => new object[] { typeof(int), Encoding.UTF8, StringComparer.Ordinal },
        ["cultures and regions"] = static () => new object[] { CultureInfo.InvariantCulture, RegionInfo.CurrentRegion },
        ["ConcurrentDictionary of numbers"] = static () => new ConcurrentDictionary<int, int>(1, 3) { [Next()] = 1 },
        ["ImmutableStack"] = static () => ImmutableStack.Create(Next()),
        ["ImmutableQueue"] = static () => ImmutableQueue.Create(Next()),
        ["ImmutableHashSet"] = static () => ImmutableHashSet.Create(Next()),
        ["ImmutableSortedSet"] = static () => ImmutableSortedSet.Create(Next()),
        ["ImmutableList"] = static () => ImmutableList.Create(Next()),
        ["ImmutableDictionary"] = static () => ImmutableDictionary<int, int>.Empty.Add(Next(), 1),
        ["holder of empty ones"] = static () => new object[]
        {
            ImmutableStack<int>.Empty, ImmutableQueue<int>.Empty, ImmutableHashSet<int>.Empty, ImmutableList<int>.Empty,
            ImmutableDictionary<int, int>.Empty, ImmutableSortedSet<int>.Empty, ImmutableArray<int>.Empty,
            ImmutableSortedDictionary<int, int>.Empty, ReadOnlyCollection<int>.Empty,
            ReadOnlyDictionary<int, int>.Empty, Stream.Null, DBNull.Value,
        },
        ["StringContent"] = static () => new StringContent(Text(), new MediaTypeHeaderValue("text/x" + Next())),
        ["HttpRequestMessage"] = static () => new HttpRequestMessage(HttpMethod.Get, "http://localhost/" + Next()),
        ["HttpResponseMessage"] = static () => new HttpResponseMessage(HttpStatusCode.OK),
        ["MediaTypeHeaderValue"] = static () => new MediaTypeHeaderValue("text/x" + Next()),
        ["StringWriter"] = static () => new StringWriter(new StringBuilder(Text()), CultureInfo.InvariantCulture),
        ["UriBuilder"] = static () => new UriBuilder("s" + Next(), Text(), 80, Text()),
        ["task that failed"] = static () => Task.FromException<int>(new InvalidOperationException(Text())),
        ["IPEndPoint, loopback"] = static () => new IPEndPoint(IPAddress.Loopback, 80),
        ["addresses"] = static () => new[] { IPAddress.Any, IPAddress.IPv6Any, IPAddress.IPv6Loopback, IPAddress.None },
        ["DnsEndPoint"] = static () => new DnsEndPoint(Text(), 80),
        ["Cookie"] = static () => new Cookie("name" + Next(), "value" + Next()),
        ["NetworkCredential"] = static () => new NetworkCredential(Text(), Text()),
        ["NameValueCollection"] = static () => new NameValueCollection { [Text()] = Text() },
        ["Activity"] = static () => new Activity(Text()),
        ["ReadOnlyCollection"] = static () => new List<int> { Next() }.AsReadOnly(),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_value_is_not_charged_for_what_the_framework_shares(string name)
    {
        long measured = new ObjectMeasurer().Measure(s_values[name]());
        (_, long bytes) = Truth.Retained(s_values[name], copies: (int)(AllBytes / measured) + 1);
        Truth.AssertWithin(bytes < 200 ? 0.10 : 0.05, bytes, measured);
    }

    [Fact]
    public void An_element_is_not_charged_for_the_names_of_others()
    {
        XNamespace space = "urn:many";
        var element = new XElement(space + "item", new XAttribute("id", 1), "text");
        long before = Truth.Measure(element);
        XName[] others = [.. Enumerable.Range(0, 2000).Select(i => space + ("other" + i))];
        XName[] inNoSpace = [.. Enumerable.Range(0, 2000).Select(static i => XName.Get("another" + i))];

        Truth.AssertWithin(0.05, before, Truth.Measure(element));
        Assert.InRange(before, 200, 600);
        Assert.InRange(Truth.Measure(new XAttribute("id", "1")), 100, 300);
        Assert.InRange(Truth.Measure(element.Name), 48, 100);
        GC.KeepAlive((others, inNoSpace));
    }

    private static int Next() => Interlocked.Increment(ref s_next) | (1 << 20);

    /// <summary>A text that no other value has: a literal is charged to each.</summary>
    private static string Text() => "text " + Next();
}
