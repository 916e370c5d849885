namespace BoundedCache.LoadRuns.Runs;

/// <summary>
/// What this machine lacks: a part of a run is skipped for it and says so, but on a build server (CI=true) nothing
/// may be skipped unnoticed.
/// </summary>
internal static class Missing
{
    private static bool MustNot => Environment.GetEnvironmentVariable("CI") == "true";

    /// <returns>What to say.</returns>
    /// <exception cref="LoadException">Under CI.</exception>
    public static string Program(string row, string program) =>
        Say($"{row} is skipped: {program} is not installed (Debian: apt-get install redis-server memcached wrk)");

    /// <returns>What to say.</returns>
    /// <exception cref="LoadException">
    /// Under CI, unless the machine cannot have it whatever is installed and says so itself.
    /// </exception>
    public static string Say(string text)
    {
        Console.Error.WriteLine(text);
        return MustNot ? throw new LoadException(ExitCode.Failed, $"{text}; with CI=true nothing is skipped") : text;
    }
}
