using System.Text.RegularExpressions;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.WebApi;

/// <summary>The example QuickStart, run as it is.</summary>
public sealed partial class QuickStartTests
{
    [Fact]
    public async Task It_prints_what_its_source_says()
    {
        string source = await File.ReadAllTextAsync(
            Path.Combine(SourceTree.FindRoot(), "examples", "QuickStart", "Program.cs"));
        string[] said = [.. Said().Matches(source).Select(static match => match.Groups[1].Value.TrimEnd())];
        using var process = new ProgramProcess("examples/QuickStart");

        Assert.True((await process.EndAsync()).ExitCode == 0, process.Output);

        string[] printed = process.Output.TrimEnd().Split('\n');
        Assert.NotEmpty(said);
        Assert.True(said.Length == printed.Length, process.Output);
        Assert.All(said.Zip(printed), static pair => Assert.Matches(AsPattern(pair.First), pair.Second));
    }

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(2, "--size", "7")]
    public async Task Arguments_are_answered_with_what_it_does(int exitCode, params string[] arguments)
    {
        using var process = new ProgramProcess("examples/QuickStart", arguments);

        Assert.Equal(exitCode, (await process.EndAsync()).ExitCode);
        string line = Assert.Single(process.Output.Trim().Split('\n'));
        Assert.EndsWith("It takes no arguments.", line, StringComparison.Ordinal);
    }

    /// <summary>A line as a comment says it: with <c>…</c> for what differs from run to run.</summary>
    private static string AsPattern(string said) =>
        $"^{Regex.Escape(said).Replace("…", ".+", StringComparison.Ordinal)}$";

    [GeneratedRegex("// -> (.*)$", RegexOptions.Multiline)]
    private static partial Regex Said();
}
