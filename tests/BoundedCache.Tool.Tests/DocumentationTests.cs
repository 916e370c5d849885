using System.Text.RegularExpressions;
using BoundedCache.TestSupport;

namespace BoundedCache.Tool.Tests;

/// <summary>The tool's README, held against what the tool says of itself.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string s_readme =
        File.ReadAllText(Path.Combine(SourceTree.FindRoot(), "src", "BoundedCache.Tool", "README.md"));

    [Fact]
    public async Task It_has_every_command_every_common_option_and_every_exit_code_and_no_others()
    {
        ProgramEnd help = await ToolRun.OfAsync("--help");
        string[] parts = help.Output.Split("Options:")[1].Split("Commands:");

        Assert.Equal(Names(Command(), parts[1]), Names(Example(), s_readme));
        Assert.Equal(
            Names(Option(), parts[0]).Except(["--help", "--version"]),
            Names(OptionRow(), s_readme).Except(["--yes"]));
        Assert.Equal(
            Names(Code(), help.Output.Split("Exit codes:")[1].Split("Usage:")[0]), Names(CodeRow(), s_readme));
    }

    private static string[] Names(Regex name, string text)
    {
        string[] names = [.. name.Matches(text).Select(static match => match.Groups[1].Value).Distinct().Order()];
        Assert.NotEmpty(names);
        return names;
    }

    [GeneratedRegex(@"(?m)^  ([a-z]+) ")]
    private static partial Regex Command();

    [GeneratedRegex(@"(?m)^boundedcache ([a-z]+)")]
    private static partial Regex Example();

    [GeneratedRegex(@"(?m)^  .*?(--[a-z-]+)")]
    private static partial Regex Option();

    [GeneratedRegex(@"(?m)^\| `(--[a-z-]+)")]
    private static partial Regex OptionRow();

    [GeneratedRegex(@"\b(\d+)\s+[a-z]")]
    private static partial Regex Code();

    [GeneratedRegex(@"(?m)^\| (\d+) \|")]
    private static partial Regex CodeRow();
}
