using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>Walks that must forget most of what they saw.</summary>
public sealed class FullWalkTests
{
    private const int Cells = 4096;

    public static TheoryData<string> Shapes() => [.. LinkedShapes.All.Keys];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_graph_twenty_times_the_memory_of_the_walk_is_counted_within_10_percent(string shape)
    {
        object value = LinkedShapes.All[shape](20 * Cells);
        var seen = new RecentSet(Cells);
        var visitor = new GraphWalk(seen);

        long bytes = visitor.MeasureFully(value, CancellationToken.None);

        Truth.AssertWithin(0.1, Truth.Measure(value), bytes);
        Assert.InRange(seen.Capacity, 1, 2 * Cells);
    }

    [Fact]
    public void A_small_set_remembers_all_and_a_full_one_the_latest()
    {
        var set = new RecentSet(Cells);
        object[] objects = [.. Enumerable.Range(0, 20 * Cells).Select(static _ => new object())];
        for (int i = 0; i < Cells / 2; i++)
        {
            Assert.True(set.Add(objects[i]));
        }

        Assert.All(objects.Take(Cells / 2), o => Assert.False(set.Add(o)));
        for (int i = Cells / 2; i < objects.Length; i++)
        {
            Assert.True(set.Add(objects[i]));
            Assert.False(set.Add(objects[i - (Cells / 4)]));
        }

        int remembered = objects.Take(10 * Cells).Count(o => !set.Add(o));
        Assert.InRange(remembered, 1, Cells / 2);
        set.Clear();
        Assert.True(set.Add(objects[0]));
    }
}
