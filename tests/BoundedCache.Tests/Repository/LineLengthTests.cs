namespace BoundedCache.Tests.Repository;

/// <summary>
/// Lines of code and prose end at 120 columns. A column is a UTF-16 code unit; what all files here have is one column
/// a unit.
/// </summary>
public class LineLengthTests
{
    private const int MostColumns = 120;

    private static readonly string[] s_extensions = [".cs", ".js", ".css", ".html", ".csproj", ".props"];

    private static readonly string[] s_otherFiles = [".ci/run", ".editorconfig"];

    [Fact]
    public async Task No_line_of_code_is_longer_than_120_columns()
    {
        string[] files = [.. (await TrackedFiles.FindAsync()).Where(IsCode)];

        Assert.Contains("tests/BoundedCache.Tests/Repository/LineLengthTests.cs", files);
        Assert.Contains("src/BoundedCache.AspNetCore/Page/page.css", files);
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
        s_extensions.Contains(Path.GetExtension(file)) || s_otherFiles.Contains(file);

    private static bool IsProse(string file) => Path.GetExtension(file) == ".md";

    private static bool IsUnbreakable(string line) =>
        line.TrimStart().StartsWith('|') || line.StartsWith("![", StringComparison.Ordinal);
}
