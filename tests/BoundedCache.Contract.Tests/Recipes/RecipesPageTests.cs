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

    private static string Squeeze(string text) =>
        string.Join('\n', text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0));

    [GeneratedRegex("^ *// PAGE begins$(.*?)^ *// PAGE ends$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Regions();

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Blocks();
}
