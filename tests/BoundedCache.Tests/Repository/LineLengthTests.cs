namespace BoundedCache.Tests.Repository;

/// <summary>
/// Lines of code and prose end at 120 columns. A column is a UTF-16 code unit; what all files here have is one column
/// a unit.
/// </summary>
public class LineLengthTests
{
    private const int MostColumns = 120;

    private static readonly string[] s_extensions =
        [".cs", ".js", ".css", ".html", ".csproj", ".props", ".proj", ".slnf", ".yml", ".json", ".txt"];

    private static readonly string[] s_otherFiles = [".ci/run", ".editorconfig"];

    /// <summary>Lists that tools write, outputs to compare with, a dashboard, and what others wrote.</summary>
    private static readonly string[] s_data =
        [".verified.txt", "PublicAPI.Shipped.txt", "PublicAPI.Unshipped.txt", "grafana.json", "LICENSE.txt"];

    [Fact]
    public async Task No_line_of_code_is_longer_than_120_columns()
    {
        string[] files = [.. (await TrackedFiles.FindAsync()).Where(IsCode)];

        Assert.Contains("tests/BoundedCache.Tests/Repository/LineLengthTests.cs", files);
        Assert.Contains("src/BoundedCache.AspNetCore/Page/page.css", files);
        Assert.Contains("src/BannedSymbols.txt", files);
        Assert.Contains("global.json", files);
        Assert.Contains(".github/workflows/ci.yml", files);
        AssertNone(files.SelectMany(static file => TooLong(file, static _ => true)));
    }

    /// <summary>Markdown cannot break a row of a table, nor the text of an image.</summary>
    [Fact]
    public async Task No_line_of_prose_is_longer_than_120_columns_except_rows_of_tables()
    {
        string[] files = [.. (await TrackedFiles.FindAsync()).Where(IsProse)];

        Assert.Contains("README.md", files);
        Assert.Contains("docs/DESIGN.md", files);
        AssertNone(files.SelectMany(static file => TooLong(file, static line => !IsUnbreakable(line))));
    }

    private static IEnumerable<string> TooLong(string file, Func<string, bool> counts) => File
        .ReadLines(Path.Combine(TrackedFiles.Root, file))
        .Index()
        .Where(line => line.Item.Length > MostColumns && counts(line.Item))
        .Select(line => $"{file}:{line.Index + 1}: {line.Item.Length} columns");

    private static void AssertNone(IEnumerable<string> found)
    {
        string[] tooLong = [.. found];
        Assert.True(
            tooLong.Length == 0,
            $"Expected lines of at most {MostColumns} columns, got {tooLong.Length} longer ones:\n"
                + string.Join('\n', tooLong));
    }

    private static bool IsCode(string file) =>
        s_otherFiles.Contains(file)
        || (s_extensions.Contains(Path.GetExtension(file))
            && !file.StartsWith("benchmarks/results/", StringComparison.Ordinal)
            && !Array.Exists(s_data, file.EndsWith));

    private static bool IsProse(string file) => Path.GetExtension(file) == ".md";

    private static bool IsUnbreakable(string line) =>
        line.TrimStart().StartsWith('|') || line.StartsWith("![", StringComparison.Ordinal);
}
