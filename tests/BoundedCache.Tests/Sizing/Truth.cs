using BoundedCache.Sizing;
using BoundedCache.TestSupport;

namespace BoundedCache.Tests.Sizing;

/// <summary>
/// What the garbage collector itself says of the size of a value, for measurements to be held against.
/// </summary>
internal static class Truth
{
    /// <summary>Bounds that no test graph comes near.</summary>
    public static readonly GraphBounds Unbounded = new(10_000_000);

    /// <summary>Bytes this thread allocates to build a value. Exact, if building it leaves no garbage.</summary>
    public static (object Value, long Bytes) Allocated(Func<object> build)
    {
        build();
        build(); // Twice: what is done lazily has been done by then.
        long before = GC.GetAllocatedBytesForCurrentThread();
        object value = build();
        return (value, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>
    /// Bytes that stay in the heap per value, garbage aside: the median of three rounds. Only for tests that nothing
    /// runs beside.
    /// </summary>
    public static (object Value, long Bytes) Retained(Func<object> build, int copies)
    {
        build();
        object[] values = new object[copies];
        long[] rounds = [.. Enumerable.Range(0, 3).Select(_ => RetainedOnce(build, values)).Order()];
        return (values[0], rounds[1] / copies);
    }

    private static long RetainedOnce(Func<object> build, object[] values)
    {
        Array.Clear(values);
        long before = LiveHeap.Bytes();
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = build();
        }

        long after = LiveHeap.Bytes();
        GC.KeepAlive(values);
        return after - before;
    }

    /// <remarks>
    /// Of several the least counts: a hole that a large object leaves too small a rest of is counted to it whole. All
    /// are kept, so that each gets another place.
    /// </remarks>
    public static void AssertExact(Func<object> build)
    {
        (object Value, long Bytes)[] all = [.. Enumerable.Range(0, 5).Select(_ => Allocated(build))];
        Assert.All(all, one => Assert.Equal(all.Min(static other => other.Bytes), Measure(one.Value)));
    }

    public static void AssertWithin(double share, long expected, long actual) =>
        Assert.True(
            Math.Abs(actual - expected) <= expected * share,
            $"{actual} is off {expected} by {100.0 * (actual - expected) / expected:F2} %");

    public static long Measure(object value)
    {
        var measurer = new ObjectMeasurer(bounds: Unbounded);
        long bytes = measurer.Measure(value);
        Assert.Equal(0, measurer.EstimatedCount);
        return bytes;
    }
}

/// <summary>Tests that compare the size of the whole heap, and so must run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class HeapTests
{
    public const string Name = "Whole heap";
}
