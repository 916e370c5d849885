using System.Text.RegularExpressions;
using BoundedCache.TestSupport;

namespace BoundedCache.Contract.Tests;

/// <summary>docs/RECIPES.md shows the code that the tests beside this one run.</summary>
public sealed partial class RecipesPageTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(SourceTree.FindRoot(), "docs", "RECIPES.md"));

    [Fact]
    public void The_page_shows_that_very_code()
    {
        IEnumerable<string> compiled = Directory
            .EnumerateFiles(Path.Combine(SourceTree.FindRoot(), "tests", "BoundedCache.Contract.Tests", "Recipes"))
            .SelectMany(static file => Regions().Matches(File.ReadAllText(file)))
            .Select(static match => Squeeze(match.Groups[1].Value));

        Assert.Equal(
            compiled.Order(StringComparer.Ordinal),
            Blocks().Matches(s_page).Select(static match => Squeeze(match.Groups[1].Value))
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_it_links_to_exists()
    {
        string[] links = [.. Links().Matches(s_page).Select(static match => match.Groups[1].Value)];

        Assert.NotEmpty(links);
        Assert.All(links, static link =>
            Assert.True(File.Exists(Path.Combine(SourceTree.FindRoot(), "docs", link.Split('#')[0])), link));
    }

    private static string Squeeze(string text) =>
        string.Join('\n', text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0));

    [GeneratedRegex("^ *// PAGE begins$(.*?)^ *// PAGE ends$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Regions();

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Blocks();

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex Links();
}
