using System.Diagnostics;
using System.Text;

namespace BoundedCache.Packages.Tests;

/// <summary>Runs programs to their end, without what the tests' own environment sets for builds.</summary>
internal static class Dotnet
{
    /// <summary>After this time something hangs; it is far longer than anything takes.</summary>
    private static readonly TimeSpan s_hung = TimeSpan.FromMinutes(8);

    /// <summary>Runs the <c>dotnet</c> command.</summary>
    public static Task<ProgramResult> RunAsync(string directory, params string[] arguments) =>
        RunProgramAsync(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", directory, arguments);

    /// <summary>Runs a program.</summary>
    /// <exception cref="TimeoutException">It did not end; it was killed.</exception>
    public static async Task<ProgramResult> RunProgramAsync(
        string program, string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(IsOfTests).ToArray())
        {
            start.Environment.Remove(name);
        }

        // Build servers would outlive the build and hold its output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";

        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)
            ?? throw new InvalidOperationException($"{program} did not start.");
        var output = new StringBuilder();
        Task[] reading = [ReadAsync(process.StandardOutput, output), ReadAsync(process.StandardError, output)];
        try
        {
            await Task.WhenAll([process.WaitForExitAsync(), .. reading]).WaitAsync(s_hung);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end:\n{output}");
        }

        return new ProgramResult(process.ExitCode, output.ToString());
    }

    private static async Task ReadAsync(StreamReader reader, StringBuilder output)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (output)
            {
                output.Append(line).Append('\n');
            }
        }
    }

    private static bool IsOfTests(string name) =>
        name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("CORECLR_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("VSTEST_", StringComparison.OrdinalIgnoreCase)
        || name is "DOTNET_STARTUP_HOOKS" or "DOTNET_ENVIRONMENT";
}

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it wrote to standard output and standard error, line by line.</param>
internal sealed record ProgramResult(int ExitCode, string Output);
