using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>Which walks are kept; alone, because the large one is everybody's.</summary>
[Collection(HeapTests.Name)]
public sealed class GraphWalkPoolTests
{
    public GraphWalkPoolTests()
    {
        // Whatever the thread and the process have kept is taken.
        GraphWalkPool.Rent();
        GraphWalkPool.Rent();
    }

    [Fact]
    public void A_small_walk_is_kept_for_the_thread_and_lent_once()
    {
        GraphWalk small = Walk(100);
        GraphWalkPool.Return(small);

        Assert.Same(small, GraphWalkPool.Rent());
        Assert.NotSame(small, GraphWalkPool.Rent());
    }

    [Fact]
    public void A_small_walk_is_not_lent_to_another_thread()
    {
        GraphWalk small = Walk(100);
        GraphWalkPool.Return(small);
        GraphWalk? other = null;
        var thread = new Thread(() => other = GraphWalkPool.Rent());
        thread.Start();
        thread.Join();

        Assert.NotSame(small, other);
    }

    [Fact]
    public void Of_large_walks_one_is_kept_for_the_process()
    {
        GraphWalk first = Walk(10_000);
        GraphWalk second = Walk(10_000);
        GraphWalkPool.Return(first);
        GraphWalkPool.Return(second);

        Assert.Same(first, GraphWalkPool.Rent());
        Assert.NotSame(second, GraphWalkPool.Rent());
    }

    [Fact]
    public void A_huge_walk_is_not_kept()
    {
        GraphWalk huge = Walk(200_000);
        GraphWalkPool.Return(huge);

        Assert.NotSame(huge, GraphWalkPool.Rent());
    }

    [Fact]
    public void A_walk_that_was_returned_is_empty()
    {
        GraphWalk walk = Walk(100);
        GraphWalkPool.Return(walk);

        Assert.Equal((0, 0), (walk.ObjectCount, walk.BytesSoFar));
    }

    private static GraphWalk Walk(int objects)
    {
        var walk = new GraphWalk();
        walk.Measure(Enumerable.Range(1, objects).Select(static _ => new object()).ToArray(), Truth.Unbounded, out _);
        Assert.Equal(objects + 1, walk.ObjectCount);
        return walk;
    }
}
