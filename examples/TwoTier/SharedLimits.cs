using Microsoft.Extensions.FileProviders;

namespace BoundedCache.TwoTier;

/// <summary>
/// The one place where the limits of all nodes stand: a file on a volume that they share. Nothing else sets a limit:
/// where the file cannot be read for a moment, the limit disappears from the configuration, and the cache keeps the
/// one that it has.
/// </summary>
internal static class SharedLimits
{
    private const string FileName = "caches.json";

    public static string FileIn(string folder) => Path.Combine(folder, FileName);

    /// <summary>Follows the file; the first node writes it.</summary>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public static void Follow(IConfigurationBuilder configuration, string folder)
    {
        Directory.CreateDirectory(folder);
        if (!File.Exists(FileIn(folder)))
        {
            string draft = Path.Combine(folder, Path.GetRandomFileName());
            File.WriteAllText(draft, """{ "Cache": { "MaxMemory": "64MB" } }""" + "\n");
            File.Move(draft, FileIn(folder), overwrite: true);
        }

        // Looks at the file every some seconds. A network volume does not tell other machines about changes.
        var volume = new PhysicalFileProvider(folder) { UsePollingFileWatcher = true, UseActivePolling = true };
        configuration.AddJsonFile(volume, FileName, optional: false, reloadOnChange: true);
    }
}
