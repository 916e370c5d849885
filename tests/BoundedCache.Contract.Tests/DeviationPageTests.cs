using System.Text.RegularExpressions;
using BoundedCache.TestSupport;

namespace BoundedCache.Contract.Tests;

/// <summary>The page of deviations says what the tests say.</summary>
public sealed partial class DeviationPageTests
{
    private static readonly string s_root = SourceTree.FindRoot();

    [Fact]
    public void The_page_lists_exactly_the_deviations_that_tests_assert()
    {
        string page = File.ReadAllText(Path.Combine(s_root, "docs", "DEVIATIONS.md"));
        string[] listed =
            [.. Row().Matches(page).Select(static row => $"{row.Groups["id"].Value} {row.Groups["promise"].Value}")];

        Assert.Equal(
            Deviations.All.Select(static deviation => $"{deviation.Id} {deviation.Promise}").Order(), listed.Order());
    }

    [Fact]
    public void Ids_are_unique_and_reasons_are_given()
    {
        Assert.Equal(Deviations.All.Count, Deviations.All.Select(static deviation => deviation.Id).Distinct().Count());
        Assert.All(Deviations.All, static deviation => Assert.NotEmpty(deviation.Reason));
    }

    [Fact]
    public void Every_deviation_is_asserted_by_a_test()
    {
        string tests = string.Concat(Directory
            .EnumerateFiles(
                Path.Combine(s_root, "tests", "BoundedCache.Contract.Tests"),
                "*Contract.cs",
                SearchOption.AllDirectories)
            .Select(File.ReadAllText));

        Assert.All(
            typeof(Deviations).GetFields(),
            field => Assert.Matches($@"Differs(<[^>]+>)?\(Deviations\.{field.Name}\b", tests));
    }

    [GeneratedRegex(@"^\| `(?<id>[a-z-]+)` \|.*\| (?<promise>P\d+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
