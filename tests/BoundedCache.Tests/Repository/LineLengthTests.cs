using System.Diagnostics;
using BoundedCache.TestSupport;

namespace BoundedCache.Tests.Repository;

/// <summary>
/// Lines of code end at 120 columns. A column is a UTF-16 code unit; what all files here have is one column a unit.
/// </summary>
public class LineLengthTests
{
    private const int MostColumns = 120;

    private static readonly string[] s_extensions = [".cs", ".js", ".css", ".html", ".csproj", ".props"];

    private static readonly string[] s_otherFiles = [".ci/run", ".editorconfig"];

    /// <summary>Files of others, and what builds make.</summary>
    private static readonly string[] s_excludedFolders = ["vendor", "bin", "obj", "artifacts", ".git"];

    [Fact]
    public async Task No_line_of_code_is_longer_than_120_columns()
    {
        string root = SourceTree.FindRoot();
        string[] files = [.. (await TrackedFilesAsync(root) ?? FilesBelow(root)).Where(IsCode)];

        Assert.Contains("tests/BoundedCache.Tests/Repository/LineLengthTests.cs", files);
        Assert.Contains("src/BoundedCache.AspNetCore/Page/page.css", files);
        string[] tooLong = [.. files.SelectMany(file => TooLong(root, file))];
        Assert.True(
            tooLong.Length == 0,
            $"Expected lines of at most {MostColumns} columns, got {tooLong.Length} longer ones:\n"
                + string.Join('\n', tooLong));
    }

    private static IEnumerable<string> TooLong(string root, string file) => File.ReadLines(Path.Combine(root, file))
        .Index()
        .Where(static line => line.Item.Length > MostColumns)
        .Select(line => $"{file}:{line.Index + 1}: {line.Item.Length} columns");

    private static bool IsCode(string file) =>
        (s_extensions.Contains(Path.GetExtension(file)) || s_otherFiles.Contains(file))
        && !file.Split('/').Intersect(s_excludedFolders).Any();

    /// <summary>The files that git knows, with those not yet added; null outside a git checkout.</summary>
    private static async Task<IEnumerable<string>?> TrackedFilesAsync(string root)
    {
        // A worktree has a file of this name.
        if (!Path.Exists(Path.Combine(root, ".git")))
        {
            return null;
        }

        using var git = System.Diagnostics.Process.Start(new ProcessStartInfo(
            "git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = root,
            RedirectStandardOutput = true,
        });
        Assert.NotNull(git);
        string listed = await git.StandardOutput.ReadToEndAsync();
        await git.WaitForExitAsync();
        Assert.Equal(0, git.ExitCode);

        // A file that was deleted stays listed until the deletion is committed.
        return listed.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(file => File.Exists(Path.Combine(root, file)));
    }

    private static IEnumerable<string> FilesBelow(string root) => Directory
        .EnumerateFiles(root, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'));
}
