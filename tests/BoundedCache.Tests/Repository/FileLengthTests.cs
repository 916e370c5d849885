namespace BoundedCache.Tests.Repository;

/// <summary>A file of the libraries holds one concept, which a reader can take in.</summary>
public class FileLengthTests
{
    private const int MostLines = 300;

    [Fact]
    public async Task No_file_of_the_libraries_has_more_than_300_lines()
    {
        string[] files =
        [
            .. (await TrackedFiles.FindAsync()).Where(static file =>
                file.StartsWith("src/", StringComparison.Ordinal)
                && file.EndsWith(".cs", StringComparison.Ordinal)),
        ];
        Assert.Contains("src/BoundedCache/Release/ReleaseRun.cs", files);

        (string File, int Lines)[] tooLong =
        [
            .. files.Select(static file => (file, File.ReadLines(Path.Combine(TrackedFiles.Root, file)).Count()))
                .Where(static counted => counted.Item2 > MostLines),
        ];

        Assert.True(
            tooLong.Length == 0,
            $"Expected files of at most {MostLines} lines, got:\n"
                + string.Join('\n', tooLong.Select(static one => $"{one.File}: {one.Lines}")));
    }
}
