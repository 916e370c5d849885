using BoundedCache.LoadRuns.Load;
using BoundedCache.LoadRuns.Results;
using BoundedCache.LoadRuns.Runs;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.Load;

/// <summary>What is made of many requests: percentiles, stalls, and straight lines.</summary>
public sealed class LatenciesTests
{
    [Fact]
    public void Percentiles_are_those_of_the_sorted_times_within_a_thousandth()
    {
        var random = new Random(5);
        double[] milliseconds =
            [.. Enumerable.Range(0, 10_000).Select(_ => 0.2 + (Math.Pow(random.NextDouble(), 8) * 900))];
        double[] sorted = [.. milliseconds.Order()];

        var latencies = Latencies.From(milliseconds.Select(static time => Ask(0, time)));

        Assert.Equal(10_000, latencies.Requests);
        AssertNear(sorted[4999], latencies.P50);
        AssertNear(sorted[8999], latencies.P90);
        AssertNear(sorted[9899], latencies.P99);
        AssertNear(sorted[^1], latencies.Longest);
    }

    [Fact]
    public void Requests_that_failed_count_as_failed_and_with_their_time()
    {
        var latencies = Latencies.From([Ask(0, 1), Ask(1, 1), Ask(2, 30_000, "timed out")]);

        Assert.Equal((3, 1), (latencies.Requests, latencies.Failed));
        AssertNear(30_000, latencies.Longest);
    }

    [Fact]
    public void No_requests_have_no_times()
    {
        var latencies = Latencies.From([]);

        Assert.Equal((0, 0, 0, 0), (latencies.Requests, latencies.P50, latencies.P99, latencies.Longest));
        Assert.Equal(TimeSpan.Zero, Latencies.LongestStall([]));
        Assert.Equal(TimeSpan.Zero, Latencies.LongestStall([Ask(0, 5)]));
    }

    [Fact]
    public void A_stall_is_the_longest_time_without_an_answer_and_not_the_longest_request()
    {
        // Due at 0, 10, 20 and 30 ms; nothing is answered between 11 and 111 ms, and the first to be due is
        // the last to be answered.
        Request[] requests = [Ask(10, 1), Ask(20, 91), Ask(30, 90), Ask(0, 130)];

        Assert.Equal(TimeSpan.FromMilliseconds(100), Latencies.LongestStall(requests));
    }

    [Fact]
    public void Seconds_are_told_apart_by_when_requests_were_due()
    {
        IReadOnlyList<SecondResult> seconds = SecondResult.From(
            [Ask(100, 1), Ask(1200, 3000), Ask(1900, 2), Ask(3500, 4)], TimeSpan.FromSeconds(1));

        Assert.Equal([(0.0, 2L), (2.0, 1L)], seconds.Select(static second => (second.At, second.Requests)));
        AssertNear(3000, seconds[0].Longest);
    }

    [Fact]
    public void A_slope_is_that_of_the_nearest_straight_line()
    {
        Assert.Equal(2, SawtoothRun.Slope([(0, 5), (1, 7), (2, 9)]), 9);
        Assert.Equal(0, SawtoothRun.Slope([(0, 1), (1, 3), (2, 1)]), 9);
        Assert.Equal(0, SawtoothRun.Slope([(3, 4)]));
    }

    private static Request Ask(double at, double took, string? failure = null) =>
        new(TimeSpan.FromMilliseconds(at), TimeSpan.FromMilliseconds(took), failure);

    private static void AssertNear(double expected, double actual) =>
        Assert.InRange(actual, expected * 0.998, expected * 1.002);
}
