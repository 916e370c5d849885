namespace BoundedCache.TestSupport;

/// <summary>Finds tests' source files on this machine.</summary>
public static class SourceTree
{
    /// <summary>What deterministic builds write instead of the repository's directory.</summary>
    private const string MappedRoot = "/_/";

    /// <summary>The directory of a source file.</summary>
    /// <param name="file">
    /// The file as <see cref="System.Runtime.CompilerServices.CallerFilePathAttribute"/> gives it.
    /// </param>
    /// <exception cref="InvalidOperationException">
    /// The path is mapped, and the tests do not run below the repository.
    /// </exception>
    public static string DirectoryOf(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        string path = file.StartsWith(MappedRoot, StringComparison.Ordinal)
            ? Path.Combine(FindRoot(), file[MappedRoot.Length..])
            : file;
        return Path.GetDirectoryName(path)!;
    }

    /// <summary>The directory of the repository.</summary>
    /// <exception cref="InvalidOperationException">The tests do not run below the repository.</exception>
    public static string FindRoot()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "BoundedCache.sln")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory
            ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is not below the repository.");
    }
}
