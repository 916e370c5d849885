using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>Which measurements are told to be estimates: those, and not the ones after them.</summary>
public sealed class EstimateTests
{
    private static readonly object s_exact = new object[] { new byte[10], new List<string> { new('x', 5) } };

    private readonly List<Type> _estimated = [];
    private readonly List<Type> _notWalked = [];
    private readonly ObjectMeasurer _measurer;

    static EstimateTests()
    {
        TaughtLayouts.Teach(typeof(Opaque), new TypeLayout { BaseBytes = 24, IsOpaque = true });
        TaughtLayouts.Teach(typeof(Unlearned), new TypeLayout { BaseBytes = 24, IsEstimated = true });
    }

    public EstimateTests() => _measurer = new ObjectMeasurer(
        bounds: Truth.Unbounded, onEstimated: _estimated.Add, onNotWalked: _notWalked.Add);

    [Fact]
    public void A_value_that_the_process_cannot_look_into_is_an_estimate_and_told_once()
    {
        Assert.Equal(24, _measurer.Measure(new Opaque()));
        Assert.Equal(1, _measurer.EstimatedCount);
        _measurer.Measure(new Opaque());
        _measurer.Measure(new object[] { new Opaque() });

        Assert.Equal(3, _measurer.EstimatedCount);
        Assert.Equal([typeof(Opaque)], _notWalked);
        Assert.Empty(_estimated);
    }

    [Fact]
    public void So_is_a_graph_that_holds_one_and_the_next_is_not()
    {
        Assert.Equal(32 + 24, _measurer.Measure(new object[] { new Opaque() }));
        Assert.Equal([typeof(object[])], _notWalked);
        Assert.Equal(1, _measurer.EstimatedCount);

        _measurer.Measure(s_exact);
        Assert.Equal(1, _measurer.EstimatedCount);
    }

    [Fact]
    public void A_type_whose_size_is_not_known_makes_an_estimate_of_its_graph_and_not_of_the_next()
    {
        Assert.Equal(32 + 24, _measurer.Measure(new object[] { new Unlearned() }));
        Assert.Equal([typeof(object[])], _estimated);
        _measurer.Measure(new Unlearned());
        Assert.Equal([typeof(object[]), typeof(Unlearned)], _estimated);

        _measurer.Measure(s_exact);
        Assert.Equal(2, _measurer.EstimatedCount);
        Assert.Empty(_notWalked);
    }

    [Fact]
    public void An_empty_array_of_references_counts_where_it_is_the_value_itself()
    {
        Assert.Equal(24, _measurer.Measure(Array.Empty<object>()));
        Assert.Equal(32, _measurer.Measure(new object[] { Array.Empty<object>() }));
    }

    [Fact]
    public void Each_measurement_has_its_own_steps()
    {
        object[] value = new object[1_000_000];
        var measurer = new ObjectMeasurer(bounds: new GraphBounds(value.Length / 40));
        for (int i = 0; i < 3; i++)
        {
            measurer.Measure(value);
        }

        Assert.Equal(0, measurer.EstimatedCount);
    }

    private sealed class Opaque;

    private sealed class Unlearned;
}
