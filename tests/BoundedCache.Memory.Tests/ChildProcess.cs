using System.Diagnostics;
using System.Text.Json;
using BoundedCache.MemoryScenarios;

namespace BoundedCache.Memory.Tests;

/// <summary>A scenario in a process of its own, where no other test's memory is in the way.</summary>
internal static class ChildProcess
{
    /// <summary>After this, something hangs; far more than anything takes.</summary>
    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(4);

    /// <summary>Runs a scenario to its end.</summary>
    /// <param name="environment">Settings of the child's runtime, for example <c>("DOTNET_gcServer", "1")</c>.</param>
    /// <typeparam name="TScenario">The scenario.</typeparam>
    /// <returns>What the scenario came to.</returns>
    /// <exception cref="InvalidOperationException">
    /// It failed, took too long, or printed no result; the message has all that it printed.
    /// </exception>
    public static async Task<ScenarioResult> RunAsync<TScenario>(params (string Name, string Value)[] environment)
        where TScenario : Scenario
    {
        string name = typeof(TScenario).Name;
        using System.Diagnostics.Process process = Start(name, environment);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using var timeout = new CancellationTokenSource(s_timeout);
        string end;
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            end = $"ended with exit code {process.ExitCode}";
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            end = $"was killed after {s_timeout.TotalSeconds:0} s";
        }

        string text = (await output).Trim();
        if (!timeout.IsCancellationRequested && process.ExitCode == 0 && text.Split('\n')[^1] is ['{', ..] json)
        {
            return JsonSerializer.Deserialize<ScenarioResult>(json)!;
        }

        throw new InvalidOperationException(
            $"The scenario {name} {end}.\n--- standard output\n{text}\n--- standard error\n{(await errors).Trim()}");
    }

    private static System.Diagnostics.Process Start(string scenario, (string Name, string Value)[] environment)
    {
        string path = Path.Combine(AppContext.BaseDirectory, $"{typeof(Scenario).Assembly.GetName().Name}.dll");
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [path, scenario])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The tests' own runtime settings, and the tools that watch the tests, would change what is measured.
        foreach (string name in start.Environment.Keys.Where(IsRuntimeSetting).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return System.Diagnostics.Process.Start(start)
            ?? throw new InvalidOperationException($"The scenario {scenario} did not start.");
    }

    private static bool IsRuntimeSetting(string name) =>
        name.StartsWith("DOTNET_gc", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("COMPlus_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("CORECLR_", StringComparison.OrdinalIgnoreCase)
        || name is "DOTNET_STARTUP_HOOKS";
}
