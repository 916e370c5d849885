namespace BoundedCache.Browser.Tests.Support;

/// <summary>The browser of this machine, as Debian's package <c>chromium</c> installs it.</summary>
internal static class Chromium
{
    public const string Missing =
        "There is no Chromium: install Debian's package (apt-get install chromium), have chromium, "
        + "chromium-browser or google-chrome on the PATH, or name a program in CHROMIUM_PATH.";

    /// <summary>
    /// Headless, without a sandbox (which root may not use), and without connections of the browser's own to anywhere.
    /// </summary>
    public static readonly string[] Arguments =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private static readonly string[] s_names =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    /// <summary>Where it is; null where it is not.</summary>
    public static string? Path { get; } = Find();

    /// <summary>Whether tests must not be skipped for lack of it.</summary>
    public static bool IsRequired { get; } = string.Equals(
        Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CHROMIUM_PATH") is { Length: > 0 } given)
        {
            return File.Exists(given) ? given : null;
        }

        string[] directories = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return s_names.SelectMany(name => directories.Select(directory => System.IO.Path.Combine(directory, name)))
            .FirstOrDefault(File.Exists);
    }
}
