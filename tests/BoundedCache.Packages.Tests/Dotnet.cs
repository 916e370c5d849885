using BoundedCache.TestSupport;

namespace BoundedCache.Packages.Tests;

/// <summary>Runs programs to their end, without what the tests' own environment sets for builds.</summary>
internal static class Dotnet
{
    /// <summary>Runs the <c>dotnet</c> command.</summary>
    public static Task<ProgramResult> RunAsync(string directory, params string[] arguments) =>
        RunProgramAsync(ProgramProcess.Dotnet, directory, arguments);

    /// <summary>Runs a program.</summary>
    public static async Task<ProgramResult> RunProgramAsync(
        string program, string directory, params string[] arguments)
    {
        var environment = new Dictionary<string, string?>
        {
            // Build servers would outlive the build and hold its output open.
            ["MSBUILDDISABLENODEREUSE"] = "1",
            ["UseSharedCompilation"] = "false",
            ["DOTNET_NOLOGO"] = "1",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        };
        foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(IsOfTests))
        {
            environment.TryAdd(name, null);
        }

        using ProgramProcess process = ProgramProcess.Start(program, arguments, directory, environment);
        ProgramEnd end = await process.EndAsync();
        return new ProgramResult(end.ExitCode, end.Output + end.Errors);
    }

    private static bool IsOfTests(string name) =>
        name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("VSTEST_", StringComparison.OrdinalIgnoreCase);
}

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it wrote to standard output, and then to standard error.</param>
internal sealed record ProgramResult(int ExitCode, string Output);
