namespace BoundedCache.Browser.Tests.Support;

/// <summary>The browser of this machine, as Debian's package <c>chromium</c> installs it.</summary>
internal static class Chromium
{
    public const string Missing =
        "There is no Chromium: install Debian's package (apt-get install chromium), have chromium, "
        + "chromium-browser or google-chrome on the PATH, or name a program in CHROMIUM_PATH.";

    /// <summary>
    /// A name of this machine that the browser does not take for this machine. It sends no <c>Sec-Fetch-Site</c> there
    /// over plain HTTP, as it would not over a network.
    /// </summary>
    public const string PlainHost = "ops.example";

    /// <summary>
    /// Headless, without a sandbox (which root may not use), and without connections of the browser's own to anywhere.
    /// </summary>
    public static readonly string[] Arguments =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        $"--host-resolver-rules=MAP {PlainHost} 127.0.0.1",
    ];

    private static readonly string[] s_names =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    /// <summary>Where it is; null where it is not.</summary>
    public static string? Path { get; } = Find();

    /// <summary>Whether tests must not be skipped for lack of it.</summary>
    public static bool IsRequired { get; } = string.Equals(
        Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>Finds a program on the PATH, and where Debian has servers.</summary>
    public static string? FindProgram(params string[] names)
    {
        string[] directories = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin"
            .Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return names.SelectMany(name => directories.Select(directory => System.IO.Path.Combine(directory, name)))
            .FirstOrDefault(File.Exists);
    }

    private static string? Find() =>
        Environment.GetEnvironmentVariable("CHROMIUM_PATH") is { Length: > 0 } given
            ? File.Exists(given) ? given : null
            : FindProgram(s_names);
}
