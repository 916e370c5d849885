using BenchmarkDotNet.Attributes;
using BoundedCache.MemoryScenarios.Shapes;
using BoundedCache.Sizing;

namespace BoundedCache.Microbenchmarks;

/// <summary>
/// The time and the allocations of measuring a value, by its shape; the type is known, as it is
/// from the second value on.
/// </summary>
public class SizingByShape
{
    /// <summary>
    /// Values that take turns, a power of two: few enough to stay in the processor's cache, as a value
    /// does that was just made.
    /// </summary>
    private const int Values = 64;

    private readonly ObjectMeasurer _measurer = new();
    private object[] _values = [];
    private int _next;

    [ParamsSource(nameof(ShapeNames))]
    public string Shape { get; set; } = "";

    public static IEnumerable<string> ShapeNames => ValueShapes.All.Select(static shape => shape.Name);

    [GlobalSetup]
    public void SetUp()
    {
        Shape shape = ValueShapes.All.Single(shape => shape.Name == Shape);

        // Shapes of large values have fewer entries than there are places.
        _values = [.. Enumerable.Range(0, Values).Select(i => shape.Value(i % Math.Min(Values, shape.Entries)))];
        _measurer.Measure(_values[0]);
    }

    [Benchmark]
    public long Measure() => _measurer.Measure(_values[_next++ & (Values - 1)]);
}
