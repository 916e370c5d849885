using System.Text.Json;
using BoundedCache.ExplainRss;
using BoundedCache.ExplainRss.Causes;

namespace BoundedCache.Examples.Tests.ExplainRss;

/// <summary>What the program answers to what it is asked.</summary>
public sealed class CommandLineTests
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    private ExitCode Run(params string[] arguments) =>
        new ExplainApplication(_output, _error, isTerminal: false).Run(arguments);

    [Theory]
    [InlineData("name a cause: healthy, busy, live")]
    [InlineData("'nope' is none of healthy, busy, live", "nope")]
    [InlineData("--size: 'much' is not a size", "pins", "--size", "much")]
    [InlineData("--size: '3' is too small to stand out; the least is 100 MiB", "pins", "--size", "3")]
    [InlineData("--size 1 PiB is too much for this machine or container", "pins", "--size", "1PB")]
    [InlineData("--mode: 'x' is neither observe nor collect", "pins", "--mode", "x")]
    [InlineData("'native' is no option and no second cause", "pins", "native")]
    [InlineData("'--bogus' is no option and no second cause", "pins", "--bogus")]
    public void What_cannot_be_done_is_told_in_one_line(string message, params string[] arguments)
    {
        Assert.Equal(ExitCode.Usage, Run(arguments));

        string line = Assert.Single(_error.ToString().TrimEnd().Split('\n'));
        Assert.StartsWith($"ExplainRss: {message}", line, StringComparison.Ordinal);
        Assert.EndsWith(".", line, StringComparison.Ordinal);
        Assert.Empty(_output.ToString());
    }

    [Fact]
    public void The_help_says_what_each_cause_is()
    {
        Assert.Equal(ExitCode.Done, Run("--help"));

        Assert.All(Cause.All, cause => Assert.Contains(cause.Name, _output.ToString(), StringComparison.Ordinal));
        Assert.Contains("--size", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_has_the_table_the_advice_and_the_second_count()
    {
        (int exitCode, string output, string error) = await ExplainProcess.RunAsync(["native", "--size", "100MB"]);

        Assert.True(exitCode == 0, error);
        Assert.Contains("native and everything else", output, StringComparison.Ordinal);
        Assert.Contains("  1. ", output, StringComparison.Ordinal);
        Assert.Contains("By another count", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
    }

    [Fact]
    public async Task A_mode_that_is_given_is_used()
    {
        (int exitCode, string output, string error) = await ExplainProcess.RunAsync(
            ["dead", "--size", "100MB", "--mode", "collect", "--json"]);

        Assert.True(exitCode == 0, error);
        Assert.Equal(
            "collect", JsonDocument.Parse(output).RootElement.GetProperty("report").GetProperty("mode").GetString());
        Assert.Equal(["dead"], new Explanation(JsonDocument.Parse(output).RootElement).Findings);
    }
}
