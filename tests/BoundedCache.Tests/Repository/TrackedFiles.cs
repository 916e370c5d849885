using BoundedCache.TestSupport;

namespace BoundedCache.Tests.Repository;

/// <summary>The repository's own files, as paths from its root with slashes.</summary>
internal static class TrackedFiles
{
    /// <summary>Files of others, and what builds make.</summary>
    private static readonly string[] s_excludedFolders = ["vendor", "bin", "obj", "artifacts", ".git"];

    public static string Root { get; } = SourceTree.FindRoot();

    /// <summary>Those that git knows and those not yet added; outside a git checkout all that lie there.</summary>
    public static async Task<string[]> FindAsync() =>
    [
        .. (await ListedByGitAsync() ?? FilesBelow(Root))
            .Where(static file => !file.Split('/').Intersect(s_excludedFolders).Any()),
    ];

    private static async Task<IEnumerable<string>?> ListedByGitAsync()
    {
        // A worktree has a file of this name.
        if (!Path.Exists(Path.Combine(Root, ".git")))
        {
            return null;
        }

        using ProgramProcess git = ProgramProcess.Start(
            "git",
            ["-c", "core.quotePath=false", "ls-files", "--cached", "--others", "--exclude-standard"],
            directory: Root);
        ProgramEnd end = await git.EndAsync();
        Assert.True(end.ExitCode == 0, end.Errors);

        // A file that was deleted stays listed until the deletion is committed.
        return end.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(static file => File.Exists(Path.Combine(Root, file)));
    }

    private static IEnumerable<string> FilesBelow(string root) => Directory
        .EnumerateFiles(root, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'));
}
