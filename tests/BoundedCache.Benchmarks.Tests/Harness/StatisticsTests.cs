using BoundedCache.Harness;

namespace BoundedCache.Benchmarks.Tests.Harness;

public class StatisticsTests
{
    [Theory]
    [InlineData(new double[] { 5 }, 5)]
    [InlineData(new double[] { 9, 1, 5 }, 5)]
    [InlineData(new double[] { 4, 1, 2, 3 }, 2.5)]
    public void The_median_is_the_middle_one(double[] numbers, double median) =>
        Assert.Equal(median, Statistics.Median(numbers));

    [Fact]
    public void Nothing_has_no_median() => Assert.Throws<ArgumentException>(() => Statistics.Median([]));

    [Fact]
    public void A_stamp_tells_command_commit_time_and_machine()
    {
        string[] lines = RunStamp.Take("benchmarks/X", ["throughput", "--quick"]).ToString().Split('\n');

        Assert.Equal(3, lines.Length);
        Assert.Equal("# dotnet run -c Release --project benchmarks/X -- throughput --quick", lines[0].Trim());
        Assert.Matches(@"^# \d{4}-\d\d-\d\d \d\d:\d\d UTC, commit \w+", lines[1]);
        Assert.Contains($"{Environment.ProcessorCount} x ", lines[2], StringComparison.Ordinal);
    }
}
