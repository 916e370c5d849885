namespace BoundedCache.ShrinkDemo.CommandLine;

/// <summary>
/// Checks before the work begins that the result can be written, and removes what the check created.
/// </summary>
internal static class OutputDirectory
{
    /// <summary>
    /// Passes if files can be created in <paramref name="directory"/>, or in its nearest existing parent.
    /// </summary>
    /// <exception cref="DemoException">They cannot.</exception>
    public static void EnsureWritable(string directory)
    {
        try
        {
            string existing = Path.GetFullPath(directory);
            while (!Directory.Exists(existing))
            {
                if (File.Exists(existing))
                {
                    throw new IOException($"'{existing}' is a file, not a directory.");
                }

                existing = Path.GetDirectoryName(existing) ?? throw new IOException("There is no such drive.");
            }

            string probe = Path.Combine(existing, $".shrinkdemo-{Guid.NewGuid():N}");
            using var stream = new FileStream(
                probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new DemoException(
                ExitCode.Usage, $"--output '{directory}' cannot be written to: {failure.Message}", failure);
        }
    }
}
