using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>Chains and trees without a count, against what the collector counts.</summary>
[Collection(HeapTests.Name)]
public sealed class LinkedSizeTests
{
    private readonly ObjectMeasurer _measurer = new();

    public static TheoryData<string> Shapes() => [.. LinkedShapes.All.Keys];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Nine_thousand_objects_are_counted_on_the_callers_thread(string shape)
    {
        (object value, long bytes) = Truth.Retained(() => LinkedShapes.All[shape](9_000), copies: 20);

        long measured = _measurer.Measure(value, out MeasureNotes notes);

        Assert.Equal(MeasureNotes.None, notes);
        Truth.AssertWithin(0.02, bytes, measured);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Up_to_the_bound_for_linked_objects_none_is_left_out(string shape)
    {
        object value = LinkedShapes.All[shape](70_000);
        Assert.Equal(_measurer.MeasureFully(value, CancellationToken.None), _measurer.Measure(value, out _));
        Assert.Equal(0, _measurer.EstimatedCount);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Beyond_it_the_answer_is_a_lower_bound_that_is_finished_within_10_percent(string shape)
    {
        (object value, long bytes) = Truth.Retained(() => LinkedShapes.All[shape](180_000), copies: 1);

        long measured = _measurer.Measure(value, out MeasureNotes notes);

        Assert.Equal(MeasureNotes.Estimated | MeasureNotes.LowerBound, notes);
        Assert.InRange(measured, bytes / 4, bytes * 11 / 10);
        Truth.AssertWithin(0.1, bytes, _measurer.MeasureFully(value, CancellationToken.None));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_answer_is_the_same_each_time_and_on_each_thread(string shape)
    {
        object value = LinkedShapes.All[shape](150_000);
        long first = _measurer.Measure(value);

        var answers = new List<long>();
        var thread = new Thread(() => answers.Add(_measurer.Measure(value)));
        thread.Start();
        thread.Join();
        GC.Collect();
        answers.Add(new ObjectMeasurer().Measure(value));

        Assert.All(answers, answer => Assert.Equal(first, answer));
    }

    [Theory]
    [InlineData(0, 250_000)]
    [InlineData(0, 30_000)]
    [InlineData(200_000, 200_100)]
    public void A_view_of_a_sorted_set_is_finished_later_or_within_10_percent(int from, int to)
    {
        var set = new SortedSet<string>(
            Enumerable.Range(0, 250_000).Select(static i => $"number {i:D6}"), StringComparer.Ordinal);
        object view = set.GetViewBetween($"number {from:D6}", $"number {to:D6}");

        long measured = _measurer.Measure(view, out MeasureNotes notes);

        long bytes = _measurer.MeasureFully(view, CancellationToken.None);
        Assert.True(
            (notes & MeasureNotes.LowerBound) != 0 || Math.Abs(measured - bytes) < bytes / 10,
            $"{measured} of {bytes}, {notes}");
    }

    [Fact]
    public void A_long_chain_beside_a_large_list_does_not_hide_the_list()
    {
        object chain = LinkedShapes.All["Cons cells"](200_000);
        object list = Enumerable.Range(0, 300_000).Select(static _ => new object()).ToList();
        object[] value = [list, chain];

        long measured = _measurer.Measure(value, out MeasureNotes notes);

        Assert.Equal(MeasureNotes.Estimated | MeasureNotes.LowerBound, notes);
        Assert.True(measured > _measurer.Measure(chain));
        long whole = _measurer.MeasureFully(list, CancellationToken.None)
            + _measurer.MeasureFully(chain, CancellationToken.None);
        Truth.AssertWithin(0.001, whole, _measurer.MeasureFully(value, CancellationToken.None));
    }

    /// <summary>Otherwise the thread that stores it looks at every element of every array.</summary>
    [Fact]
    public void A_chain_of_long_arrays_is_sampled_and_not_counted()
    {
        // At most 60,000 elements of the 400,000.
        var measurer = new ObjectMeasurer(bounds: new GraphBounds(200));
        Chunk? chain = null;
        for (int i = 0; i < 200; i++)
        {
            chain = new Chunk { Next = chain };
        }

        long measured = measurer.Measure(chain, out MeasureNotes notes);

        Assert.NotEqual(MeasureNotes.None, notes);
        Truth.AssertWithin(0.1, measurer.MeasureFully(chain!, CancellationToken.None), measured);
    }

    [Fact]
    public void A_cancelled_measurement_ends()
    {
        object value = LinkedShapes.All["Ring"](10_000);
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => _measurer.MeasureFully(value, source.Token));
    }

    [Fact]
    public void What_needs_no_walk_is_answered_as_ever()
    {
        var measurer = new ObjectMeasurer(new Dictionary<Type, Func<object, long>> { [typeof(int[])] = _ => 7 });
        Assert.Equal(7, measurer.MeasureFully(new int[1], CancellationToken.None));
        Assert.Equal(measurer.Measure("text"), measurer.MeasureFully("text", CancellationToken.None));
        Assert.Equal(0, measurer.MeasureFully(typeof(int), CancellationToken.None));
    }

    private sealed class Chunk
    {
        public object?[] Items { get; } = new object?[2000];

        public Chunk? Next { get; set; }
    }
}
