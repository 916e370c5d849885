using System.Runtime.CompilerServices;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>What a measurement that ends by an exception answers, and leaves to the next one.</summary>
public sealed class BrokenWalkTests
{
    private const long FailingBytes = 4096;

    private readonly List<Type> _estimated = [];
    private readonly ObjectMeasurer _measurer;

    /// <summary>A visitor that throws, as one does that cannot be compiled.</summary>
    static BrokenWalkTests() => TaughtLayouts.Teach(typeof(Failing), new TypeLayout
    {
        BaseBytes = FailingBytes,
        VisitFields = static (_, _) => throw new InvalidProgramException(),
    });

    public BrokenWalkTests() => _measurer = new ObjectMeasurer(bounds: Truth.Unbounded, onEstimated: _estimated.Add);

    [Fact]
    public void What_was_seen_counts_and_is_told_to_be_an_estimate()
    {
        // The array, its elements, and not what those lead to.
        object[] value = [new byte[1000], new Failing()];

        Assert.Equal(24 + 16 + 1024 + FailingBytes, _measurer.Measure(value));
        Assert.Equal(1, _measurer.EstimatedCount);
        Assert.Equal([typeof(object[])], _estimated);
    }

    [Fact]
    public void The_next_measurement_is_right()
    {
        object[] good = [.. Enumerable.Range(0, 100).Select(static i => new List<byte[]> { new byte[i] })];
        long expected = Truth.Measure(good);
        foreach (object broken in (object[])[
            new Failing(),
            new object[] { new byte[1000], new Failing(), new List<string> { new('x', 10) } },
            BrokenInLargeArrays(),
            new LinkedList<object>(
                [.. Enumerable.Range(0, 100).Select(static i => i == 50 ? new Failing() : new object())])])
        {
            long bytes = _measurer.Measure(broken);
            Assert.InRange(bytes, FailingBytes, FailingBytes + 100_000);
            long estimated = _measurer.EstimatedCount;

            Assert.Equal(expected, _measurer.Measure(good));
            Assert.Equal(expected, _measurer.Measure(good));
            Assert.Equal(estimated, _measurer.EstimatedCount);
        }
    }

    [Fact]
    public void The_graph_is_not_kept_alive()
    {
        WeakReference[] references = MeasureAndForget();

        Assert.True(Eventually.Dead(references));
        GC.KeepAlive(_measurer);
    }

    [Fact]
    public void A_walk_goes_back_to_the_pool()
    {
        _measurer.Measure(new object[] { new Failing() });
        GraphWalk first = GraphWalkPool.Rent();
        GraphWalkPool.Return(first);
        _measurer.Measure(new object[] { new Failing() });
        GraphWalk second = GraphWalkPool.Rent();
        GraphWalkPool.Return(second);

        Assert.Same(first, second);
        Assert.Equal((0, 0), (second.ObjectCount, second.BytesSoFar));
    }

    [Fact]
    public void A_walk_that_has_not_begun_has_seen_nothing()
    {
        var walk = new GraphWalk();
        walk.Measure(new object[] { new byte[1000] }, Truth.Unbounded, out _);
        walk.Clear();

        Assert.Equal((0, 0), (walk.ObjectCount, walk.BytesSoFar));
    }

    // One large array within another, so that cursors are active and suspended when the walk breaks off.
    private static object[][] BrokenInLargeArrays() =>
    [
        .. Enumerable.Range(0, 40).Select(static i => Enumerable.Range(0, 40)
            .Select(j => i == 20 && j == 20 ? new Failing() : (object)new byte[8]).ToArray()),
    ];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference[] MeasureAndForget()
    {
        object[] value = [new byte[1000], new Failing()];
        _measurer.Measure(value);
        return [.. value.Append(value).Select(static item => new WeakReference(item))];
    }

    private sealed class Failing;
}
