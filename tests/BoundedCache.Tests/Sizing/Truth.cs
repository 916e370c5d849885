using System.Runtime.CompilerServices;
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
    /// <remarks>
    /// What earlier tests left may go meanwhile. So a round compares the heap with what it was before and afterwards.
    /// </remarks>
    public static (object Value, long Bytes) Retained(Func<object> build, int copies)
    {
        object value = build();
        object[] values = new object[copies];
        long[] rounds = new long[3];
        long before = LiveHeap.Bytes();
        for (int i = 0; i < rounds.Length; i++)
        {
            Fill(values, build);
            long full = LiveHeap.Bytes();
            Array.Clear(values);
            long after = LiveHeap.Bytes();
            rounds[i] = full - ((before + after) / 2);
            before = after;
        }

        GC.KeepAlive(value);
        Array.Sort(rounds);
        return (value, rounds[1] / copies);
    }

    /// <remarks>A method of its own: the caller's frame keeps no value.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fill(object[] values, Func<object> build)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = build();
        }
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
