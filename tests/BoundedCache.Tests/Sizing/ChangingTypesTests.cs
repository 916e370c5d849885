using System.Collections.Immutable;
using System.Globalization;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>Which types' values can change, and which are unfinished.</summary>
public sealed class ChangingTypesTests
{
    public static TheoryData<object> Fixed =>
    [
        "text", new byte[3], new double[2, 2], 5, 3.5m, DateTime.UnixEpoch, Guid.Empty, DayOfWeek.Friday,
        new Version(1, 2), new object(), Tuple.Create("a", 1), new { Name = "a", Count = 1 },
        new FixedRecord("a", 1, new FixedLeaf("b")), new FixedNode("a", null), CultureInfo.InvariantCulture,
        new ReadOnlyPair("a", new FixedLeaf("b")), new CountedName("a"),
        new WithFixedStruct(new ArraySegment<byte>([1]), ("a", 1)),
    ];

    public static TheoryData<object> Changing =>
    [
        new string[1], new Uri("http://localhost/"), new List<int>(), new Dictionary<string, string>(),
        new MutableName(),
        new OpenRecord(new object()), new UnsealedHolder(new Unsealed()), ("a", 1), new WithMutableStruct(),
        new byte[1][], (Func<int>)(static () => 1), new ArrayRecord(["a"]), new Shape("a", null),
        new Shape("a", new Growing("b")), new Growing("a"), new SealedOverOpen("a", new Shape("b", null)),
        new Ping(null), new WithStruct<ArraySegment<byte>>(), new WithStruct<ImmutableArray<byte>>(),
        new WithStruct<KeyValuePair<string, string>>(), new WithStruct<ReadOnlyPair?>(),
    ];

    [Theory]
    [MemberData(nameof(Fixed))]
    public void A_value_whose_fields_are_set_once_cannot_change(object value) =>
        Assert.Equal(ValueKind.Fixed, ChangingTypes.Get(value).Kind);

    [Theory]
    [MemberData(nameof(Changing))]
    public void A_value_that_leads_to_something_that_can_be_set_can_change(object value) =>
        Assert.Equal(ValueKind.Changing, ChangingTypes.Get(value).Kind);

    [Fact]
    public void Tasks_and_lazies_are_kinds_of_their_own()
    {
        Assert.Equal(ValueKind.Task, ChangingTypes.Get(Task.CompletedTask).Kind);
        Assert.Equal(ValueKind.Task, ChangingTypes.Get(Task.FromResult(1)).Kind);
        Assert.Equal(ValueKind.Lazy, ChangingTypes.Get(new Lazy<int>(1)).Kind);
        Assert.Equal(ValueKind.Lazy, ChangingTypes.Get(new Lazy<string, int>(() => "", 1)).Kind);
        Assert.Equal(ValueKind.ValueTask, ChangingTypes.Get(new ValueTask<int>(1)).Kind);
        Assert.Equal(ValueKind.Fixed, ChangingTypes.Get(null).Kind);
    }

    [Fact]
    public void What_is_unfinished_is_found_through_results()
    {
        Task<int> running = new TaskCompletionSource<int>().Task;
        AssertUnfinished(running, running);
        AssertUnfinished(Task.FromResult<object>(running), running);
        AssertUnfinished(new ValueTask<Task<int>>(Task.FromResult(running)), running);
        AssertUnfinished(new Lazy<int>(static () => 1), null);
        AssertUnfinished(Made(new Lazy<Task<int>>(() => running)), running);
        AssertUnfinished(Made(new Lazy<Lazy<int>>(static () => new Lazy<int>(static () => 1))), null);

        Assert.False(ChangingTypes.IsUnfinished(Made(new Lazy<int>(static () => 1)), out _));
        Assert.False(ChangingTypes.IsUnfinished(Task.FromCanceled<int>(new CancellationToken(true)), out _));
        Assert.False(ChangingTypes.IsUnfinished(new List<object> { running }, out _));
        Assert.False(ChangingTypes.IsUnfinished(null, out _));
    }

    private static void AssertUnfinished(object value, Task? expected)
    {
        Assert.True(ChangingTypes.IsUnfinished(value, out Task? running), $"{value.GetType()} is finished");
        Assert.Same(expected, running);
    }

    private static Lazy<T> Made<T>(Lazy<T> lazy)
    {
        Assert.NotNull(lazy.Value);
        return lazy;
    }

    private sealed record FixedLeaf(string Name);

    private sealed record FixedRecord(string Name, int Count, FixedLeaf Leaf);

    private sealed record FixedNode(string Name, FixedNode? Next);

    private readonly record struct ReadOnlyPair(string Name, FixedLeaf Leaf);

    private sealed class CountedName(string name)
    {
        public string Name { get; } = name;

        public int Uses { get; set; }
    }

    private sealed class MutableName
    {
        public string? Name { get; set; }
    }

    private sealed record OpenRecord(object Content);

    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Performance", "CA1852", Justification = "That it is not sealed is what is tested.")]
    private record Unsealed;

    private sealed record UnsealedHolder(Unsealed Content);

    private sealed record ArrayRecord(string[] Names);

    // Refers to its own type, of which another instance may be of a derived class.
    private record Shape(string Name, Shape? Inner);

    private sealed record Growing(string Name) : Shape(Name, null)
    {
        public List<byte[]> Items { get; } = [];
    }

    private sealed record SealedOverOpen(string Name, Shape Inner);

    private sealed record Ping(Pong? Other);

    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Performance", "CA1852", Justification = "That it is not sealed is what is tested.")]
    private record Pong(Ping? Other);

    private sealed class WithMutableStruct
    {
        public (string Name, int Count) Pair { get; set; }
    }

    private sealed class WithStruct<T>
    {
        public T? Content { get; set; }
    }

    private sealed record WithFixedStruct(ArraySegment<byte> Bytes, (string Name, int Count) Pair);
}
