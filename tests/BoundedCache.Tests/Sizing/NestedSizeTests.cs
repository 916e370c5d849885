using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>
/// Large arrays inside other structures, below and beyond the bound, against the count of all objects.
/// </summary>
public sealed class NestedSizeTests
{
    private readonly ObjectMeasurer _measurer = new();

    public static TheoryData<string, int, double> Counted()
    {
        var data = new TheoryData<string, int, double>();
        foreach (string shape in NestedShapes.Counted.Keys)
        {
            data.Add(shape, 20_000, 0.1);
            data.Add(shape, 100_000, 0.15);
            data.Add(shape, 500_000, 0.25);
        }

        return data;
    }

    public static TheoryData<string, int> Linked()
    {
        var data = new TheoryData<string, int>();
        foreach (string shape in NestedShapes.Linked.Keys)
        {
            data.Add(shape, 20_000);
            data.Add(shape, 100_000);
            data.Add(shape, 500_000);
        }

        return data;
    }

    [Fact]
    public void Below_the_bound_all_are_exact()
    {
        foreach ((string shape, Func<int, object> build) in NestedShapes.Counted.Concat(NestedShapes.Linked))
        {
            object value = build(5_000);
            if (shape == "4,096 lists side by side")
            {
                continue; // Never that small.
            }

            long measured = _measurer.Measure(value, out MeasureNotes notes);
            Assert.True(notes == MeasureNotes.None, shape);
            Assert.Equal(_measurer.MeasureFully(value, CancellationToken.None), measured);
        }
    }

    [Theory]
    [MemberData(nameof(Counted))]
    public void What_knows_its_count_is_estimated_within(string shape, int objects, double share)
    {
        object value = NestedShapes.Counted[shape](objects);

        long measured = _measurer.Measure(value);

        Truth.AssertWithin(share, _measurer.MeasureFully(value, CancellationToken.None), measured);
        Assert.Equal(measured, _measurer.Measure(value));
    }

    [Theory]
    [MemberData(nameof(Linked))]
    public void A_chain_or_tree_of_large_arrays_is_within_10_percent_or_finished_later(string shape, int objects)
    {
        object value = NestedShapes.Linked[shape](objects);
        long bytes = _measurer.MeasureFully(value, CancellationToken.None);

        long measured = _measurer.Measure(value, out MeasureNotes notes);

        Assert.InRange(measured, bytes / 100, bytes * 11 / 10);
        if ((notes & MeasureNotes.LowerBound) == 0)
        {
            Truth.AssertWithin(0.1, bytes, measured);
        }

        Assert.Equal(measured, _measurer.Measure(value));
    }

    [Theory]
    [InlineData(20_000, 0.15, 60)]
    [InlineData(500_000, 0.25, 15)]
    public void Collections_of_collections_drawn_at_random_are_estimated_within(int objects, double share, int seeds)
    {
        for (int seed = 0; seed < seeds; seed++)
        {
            (string shape, object value) = RandomShapes.Draw(seed, objects);
            long bytes = _measurer.MeasureFully(value, CancellationToken.None);
            long measured = _measurer.Measure(value);
            Assert.True(Math.Abs(measured - bytes) <= share * bytes, $"Seed {seed}: {measured} of {bytes}. {shape}");
        }
    }
}
