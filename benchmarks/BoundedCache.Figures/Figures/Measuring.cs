using System.Diagnostics;
using System.Runtime.CompilerServices;
using BoundedCache.MemoryScenarios.Shapes;
using BoundedCache.Sizing;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// The time it takes to measure a value: the first of its type, whose layout is learned, and those after it.
/// </summary>
internal sealed class Measuring : IFigure
{
    private const int Rounds = 9;

    /// <summary>
    /// Values that take turns: few enough to stay in the processor's cache, as a value does that was just made.
    /// </summary>
    private const int Values = 64;

    private static readonly TimeSpan s_round = TimeSpan.FromMilliseconds(40);

    public string Name => "measuring";

    public string Title => "time to measure a value (median of 9 rounds; an empty loop over the same values taken off)";

    public IEnumerable<Row> Run()
    {
        foreach (Shape shape in ValueShapes.All)
        {
            double[] answer = Child.Measure(Name, shape.Name);
            (double ns, double firstNs, double objects, double emptyNs) = (answer[0], answer[1], answer[2], answer[3]);
            bool isConstant = objects == 0;
            yield return new(
                shape.Name,
                $"{Math.Max(0, ns - emptyNs):N1} "
                    + $"ns{(isConstant ? "" : $", {objects:N0} objects: {ns / objects:N0} ns each")}; "
                    + $"first {firstNs / 1e6:N1} ms",
                shape.Name.StartsWith("string,", StringComparison.Ordinal)
                    || shape.Name.StartsWith("byte[", StringComparison.Ordinal)
                    ? "<= 3 ns"
                    : "");
        }
    }

    public void Measure(string[] args)
    {
        Shape shape = ValueShapes.All.Single(shape => shape.Name == args[0]);
        object[] values = [.. Enumerable.Range(0, Math.Min(Values, shape.Entries)).Select(shape.Value)];
        var measurer = new ObjectMeasurer();

        // Another type's first, so that what is compiled once for all types is not this one's.
        measurer.Measure(new List<Version> { new(1, 2) });
        long started = Stopwatch.GetTimestamp();
        measurer.Measure(values[0]);
        double first = Stopwatch.GetElapsedTime(started).TotalNanoseconds;

        var times = new List<double>();
        var empty = new List<double>();
        for (int round = 0; round < Rounds + 3; round++)
        {
            times.Add(NanosecondsPerValue(() => MeasureAll(measurer, values), values.Length));
            empty.Add(NanosecondsPerValue(() => TouchAll(values), values.Length));
        }

        Child.Answer(
            Statistics.Median(times.Skip(3)), first, CountObjects(values[0]), Statistics.Median(empty.Skip(3)));
    }

    private static double NanosecondsPerValue(Func<long> pass, int values)
    {
        long passes = 0;
        long started = Stopwatch.GetTimestamp();
        TimeSpan elapsed;
        do
        {
            for (int i = 0; i < 16; i++)
            {
                _ = pass();
            }

            passes += 16;
            elapsed = Stopwatch.GetElapsedTime(started);
        }
        while (elapsed < s_round);
        return elapsed.TotalNanoseconds / passes / values;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long MeasureAll(ObjectMeasurer measurer, object[] values)
    {
        long sum = 0;
        foreach (object value in values)
        {
            sum += measurer.Measure(value);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long TouchAll(object[] values)
    {
        long sum = 0;
        foreach (object value in values)
        {
            sum += value is string ? 1 : 2;
        }

        return sum;
    }

    /// <summary>How many objects a walk visits; 0 where no walk is needed.</summary>
    private static long CountObjects(object value)
    {
        if (TypeLayouts.Get(value).IsLeaf)
        {
            return 0;
        }

        var walk = new GraphWalk();
        walk.Measure(value, GraphBounds.Default, out _);
        return walk.ObjectCount;
    }
}
