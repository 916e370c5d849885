namespace BoundedCache.Tests.Repository;

/// <summary>
/// The README and the design note stay short. A word is what stands between white space, in code and tables too.
/// </summary>
public class PageLengthTests
{
    [Theory]
    [InlineData("README.md", 110, 900)]
    [InlineData("docs/DESIGN.md", 160, int.MaxValue)]
    public void A_page_has_at_most_so_many_lines_and_words(string page, int mostLines, int mostWords)
    {
        string text = File.ReadAllText(Path.Combine(TrackedFiles.Root, page));
        int lines = text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Length;
        int words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

        Assert.True(lines <= mostLines, $"{page}: expected at most {mostLines} lines, got {lines}.");
        Assert.True(words <= mostWords, $"{page}: expected at most {mostWords} words, got {words}.");
    }
}
