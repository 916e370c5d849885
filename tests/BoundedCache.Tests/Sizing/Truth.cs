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
    /// Bytes that stay in the heap per value, garbage aside. Only for tests that nothing runs beside.
    /// </summary>
    /// <remarks>
    /// What earlier tests left may go meanwhile. So a round compares the heap with what it was before and afterwards,
    /// and rounds follow until three agree, within a fifth of the 2 % that the narrowest tests allow.
    /// </remarks>
    public static (object Value, long Bytes) Retained(Func<object> build, int copies)
    {
        object value = build();
        object[] values = new object[copies];
        var rounds = new List<long>();
        long before = LiveHeap.Bytes();
        while (true)
        {
            Fill(values, build);
            long full = LiveHeap.Bytes();
            Array.Clear(values);
            long after = LiveHeap.Bytes();
            rounds.Add(full - ((before + after) / 2));
            before = after;
            rounds.Sort();
            for (int i = 2; i < rounds.Count; i++)
            {
                if (rounds[i] - rounds[i - 2] <= rounds[i] / 250)
                {
                    GC.KeepAlive(value);
                    return (value, rounds[i - 1] / copies);
                }
            }

            Assert.True(rounds.Count < 30, $"The heap does not come to rest: {string.Join(", ", rounds)}");
        }
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
