using BoundedCache.Comparisons;
using BoundedCache.TestSupport;

namespace BoundedCache.Benchmarks.Tests.Comparisons;

public sealed class BadInputTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(
        "throughput --peers redis",
        "comparisons: --peers: there is no peer 'redis'; there are bounded, bounded-declared, memory-cache, "
            + "memory-cache-best, concurrent-dictionary, locked-lru, naive-imemorycache, scan-resistant, "
            + "scan-resistant-declared, bitfaster-lru, bitfaster-concurrent-lru, bitfaster-lfu.")]
    [InlineData("throughput --reads 95,101", "comparisons: --reads: '101' is not a whole number from 0 to 100.")]
    [InlineData("throughput --threads 0", "comparisons: --threads: '0' is not a whole number from 1 to 1024.")]
    [InlineData("throughput --seconds soon", "comparisons: --seconds: 'soon' is not a number from 0.05 to 600.")]
    [InlineData("throughput --fast", "comparisons: there is no '--fast' here; --help lists what there is.")]
    [InlineData("latency --during lunch", "comparisons: --during: 'lunch' is not one of steady, shrink, expiry.")]
    [InlineData("latency --rate 1", "comparisons: --rate: '1' is not a whole number from 1000 to 10000000.")]
    [InlineData(
        "hit-ratio --limits 0",
        "comparisons: --limits: '0' is not a size of at least 1 byte, such as 65536, 100MB or 1.5GiB.")]
    [InlineData(
        "hit-ratio --limits 1%,101%",
        "comparisons: --limits: '101%' is not a size of at least 1 byte, such as 65536, 100MB or 1.5GiB.")]
    [InlineData("make-trace x --min-size 10 --max-size 9", "comparisons: --max-size 9 is less than --min-size 10.")]
    [InlineData(
        "--child throughput nonsense",
        "comparisons: --child is for the program itself, and this is not what it sends:")]
    public async Task A_command_line_that_makes_no_sense_is_an_error_that_says_why(string args, string message)
    {
        (ExitCode exitCode, string output, string error) = await InProcess.RunAsync(args.Split(' '));

        Assert.Equal((ExitCode.Usage, ""), (exitCode, output));
        Assert.StartsWith(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    [Fact]
    public async Task An_output_directory_that_cannot_be_is_an_error_before_anything_is_measured()
    {
        string file = _directory.Write("file", "");

        (ExitCode exitCode, _, string error) = await InProcess.RunAsync("throughput", "--output", file);

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.StartsWith($"comparisons: --output '{file}' cannot be written to: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_malformed_trace_is_named_with_its_line()
    {
        string trace = _directory.Write("trace", "a 1\nb two\n");

        (ExitCode exitCode, string output, string error) = await InProcess.RunAsync("hit-ratio", trace);

        Assert.Equal((ExitCode.Failed, ""), (exitCode, output));
        Assert.StartsWith(
            $"comparisons: {trace}, line 2: 'b two' is not 'key size' or 'time key size'",
            error.Split('\n')[^1],
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "throughput")]
    [InlineData("throughput --help", "--read-through")]
    [InlineData("hit-ratio --help", "--limits")]
    [InlineData("latency --help", "--during")]
    [InlineData("make-trace --help", "--seed")]
    public async Task Help_tells_what_there_is(string args, string expected)
    {
        (ExitCode exitCode, string output, _) = await InProcess.RunAsync(args.Split(' '));

        Assert.Equal(ExitCode.Done, exitCode);
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }
}
