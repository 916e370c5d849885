using BoundedCache.LoadRuns;
using BoundedCache.LoadRuns.CommandLine;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.CommandLine;

/// <summary>What the command line refuses, and in which words.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("'melt' is neither a run nor an option of one; --help lists those there are", "melt")]
    [InlineData("'--fast' is neither a run nor an option of one; --help lists those there are", "shrink", "--fast")]
    [InlineData("--rate: '0' is not a whole number from 1 to 50000", "shrink", "--rate", "0")]
    [InlineData("--rate: 'many' is not a whole number from 1 to 50000", "sawtooth", "--rate", "many")]
    [InlineData(
        "--minutes: '-1' is not a number of minutes above 0 and up to 60, such as 5 or 0.25",
        "sawtooth",
        "--minutes=-1")]
    [InlineData(
        "--minutes: '61' is not a number of minutes above 0 and up to 60, such as 5 or 0.25",
        "container",
        "--minutes",
        "61")]
    [InlineData(
        "--rows: there is no 'varnish'; there are bounded-full, bounded-gentle, bounded-bytes, "
            + "memory-cache-compact, memory-cache, redis, memcached",
        "shrink",
        "--rows",
        "redis,varnish")]
    public async Task What_cannot_be_done_is_refused_with_what_can(string message, params string[] arguments)
    {
        LoadException failure = await Assert.ThrowsAsync<LoadException>(
            () => new LoadCommand(arguments).InvokeAsync(arguments, CancellationToken.None));

        Assert.Equal(ExitCode.Usage, failure.ExitCode);
        Assert.Equal(message, failure.Message);
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_to_is_refused_before_anything_runs()
    {
        string file = Path.GetTempFileName();
        try
        {
            string[] arguments = ["shrink", "--quick", "--output", file];
            LoadException failure = await Assert.ThrowsAsync<LoadException>(
                () => new LoadCommand(arguments).InvokeAsync(arguments, CancellationToken.None));

            Assert.Equal(ExitCode.Usage, failure.ExitCode);
            Assert.StartsWith($"--output '{file}' cannot be written to: ", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Help_lists_the_runs_and_each_lists_its_options()
    {
        (int exitCode, string output, _) = await LoadRunsProcess.RunAsync("--help");
        (int ofRun, string options, _) = await LoadRunsProcess.RunAsync("shrink", "--help");

        Assert.Equal((0, 0), (exitCode, ofRun));
        Assert.All((string[])["shrink", "sawtooth", "container"], run =>
            Assert.Contains($"  {run} ", output, StringComparison.Ordinal));
        Assert.All((string[])["--rows", "--minutes", "--rate", "--server-gc", "--quick", "--output"], option =>
            Assert.Contains(option, options, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_error_is_one_line_and_a_code()
    {
        (int exitCode, string output, string error) = await LoadRunsProcess.RunAsync("shrink", "--rate", "0");

        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Equal("LoadRuns: --rate: '0' is not a whole number from 1 to 50000.\n", error);
    }
}
