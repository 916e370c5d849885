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
        using var process = new ProgramProcess("examples/QuickStart", "--Logging:LogLevel:Default=None");

        Assert.True((await process.EndAsync()).ExitCode == 0, process.Output);

        string[] printed = process.Output.TrimEnd().Split('\n');
        Assert.NotEmpty(said);
        Assert.Equal(said.Length, printed.Length);
        Assert.All(said.Zip(printed), static pair => Assert.Matches(AsPattern(pair.First), pair.Second));
    }

    /// <summary>
    /// A line as a comment says it: with <c>…</c> for what differs from run to run, and perhaps with an explanation
    /// after a colon of its own.
    /// </summary>
    private static string AsPattern(string said) =>
        $"^{Regex.Escape(Explanation().Replace(said, "$1")).Replace("…", ".+", StringComparison.Ordinal)}$";

    [GeneratedRegex("// -> (.*)$", RegexOptions.Multiline)]
    private static partial Regex Said();

    [GeneratedRegex("^(True|False): .*$")]
    private static partial Regex Explanation();
}
