using System.Text.RegularExpressions;
using BoundedCache.TestSupport;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// docs/RECIPES.md shows the code that the tests beside this one run, and docs/BYTE-CACHE.md shows some of it.
/// </summary>
public sealed partial class RecipesPageTests
{
    [Fact]
    public void The_pages_show_that_very_code()
    {
        string[] compiled = [.. Directory
            .EnumerateFiles(Path.Combine(SourceTree.FindRoot(), "tests", "BoundedCache.Contract.Tests", "Recipes"))
            .SelectMany(static file => Regions().Matches(File.ReadAllText(file)))
            .Select(static match => Squeeze(match.Groups[1].Value))];
        string[] recipes = BlocksOf("RECIPES.md");

        Assert.NotEmpty(recipes);
        Assert.Empty(recipes.Except(compiled));
        Assert.Empty(compiled.Except([.. recipes, .. BlocksOf("BYTE-CACHE.md")]));
    }

    private static string[] BlocksOf(string page) =>
        [.. Blocks().Matches(File.ReadAllText(Path.Combine(SourceTree.FindRoot(), "docs", page)))
            .Select(static match => Squeeze(match.Groups[1].Value))];

    private static string Squeeze(string text) =>
        string.Join('\n', text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0));

    [GeneratedRegex("^ *// PAGE begins$(.*?)^ *// PAGE ends$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Regions();

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Blocks();
}
