using BoundedCache.Harness;

namespace BoundedCache.Benchmarks.Tests.Harness;

public class ZipfTests
{
    private const int Draws = 200_000;

    [Theory]
    [InlineData(0.99)]
    [InlineData(0.5)]
    public void The_kth_most_popular_number_is_drawn_in_proportion_to_one_over_k_to_the_exponent(double exponent)
    {
        int[] counts = [.. Count(1000, exponent).OrderDescending()];
        double sum = Enumerable.Range(1, 1000).Sum(k => Math.Pow(k, -exponent));

        foreach (int k in (int[])[1, 2, 10, 100])
        {
            double expected = Draws * Math.Pow(k, -exponent) / sum;

            // Four standard deviations, and what sorting by luck adds where neighbours are nearly as popular.
            Assert.InRange(
                counts[k - 1],
                expected - (4 * Math.Sqrt(expected)),
                expected + (4 * Math.Sqrt(expected)) + (expected * 0.15));
        }
    }

    [Fact]
    public void An_exponent_of_zero_is_uniform() =>
        Assert.All(Count(100, 0), static count => Assert.InRange(count, (Draws / 100) - 200, (Draws / 100) + 200));

    [Fact]
    public void Popular_numbers_do_not_lie_side_by_side() =>
        Assert.NotEqual([0, 1, 2], Count(1000, 0.99).Index().OrderByDescending(static pair => pair.Item).Take(3).Select(
            static pair => pair.Index));

    [Fact]
    public void Nonsense_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Zipf(0, 1, new Random(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Zipf(1, -1, new Random(1)));
    }

    private static int[] Count(int n, double exponent)
    {
        var random = new Random(7);
        var zipf = new Zipf(n, exponent, random);
        int[] counts = new int[n];
        for (int i = 0; i < Draws; i++)
        {
            counts[zipf.Next(random)]++;
        }

        return counts;
    }
}
