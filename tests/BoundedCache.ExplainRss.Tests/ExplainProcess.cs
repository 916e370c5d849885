using System.Diagnostics;
using System.Text.Json;

namespace BoundedCache.ExplainRss.Tests;

/// <summary>
/// The program as a process of its own, under the runtime settings that a test chooses and no others.
/// </summary>
internal static class ExplainProcess
{
    private static readonly TimeSpan s_hung = TimeSpan.FromMinutes(3);

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        string program = typeof(ExplainApplication).Assembly.Location;
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(IsRuntimeSetting).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(s_hung);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    public static async Task<Explanation> ExplainAsync(string cause, params (string Name, string Value)[] environment)
    {
        (int exitCode, string output, string error) = await RunAsync([cause, "--json"], environment);
        Assert.True(exitCode == 0, error);
        return new Explanation(JsonDocument.Parse(output).RootElement);
    }

    private static bool IsRuntimeSetting(string name) =>
        name.StartsWith("DOTNET_gc", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("COMPlus_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("CORECLR_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("MALLOC_", StringComparison.Ordinal)
        || name is "DOTNET_STARTUP_HOOKS";
}
