using System.Text.Json;
using BoundedCache.MemoryScenarios;
using BoundedCache.TestSupport;

namespace BoundedCache.Memory.Tests;

/// <summary>A scenario in a process of its own, where no other test's memory is in the way.</summary>
internal static class ChildProcess
{
    /// <summary>Runs a scenario to its end.</summary>
    /// <param name="environment">Settings of the child's runtime, for example <c>("DOTNET_gcServer", "1")</c>.</param>
    /// <typeparam name="TScenario">The scenario.</typeparam>
    /// <returns>What the scenario came to.</returns>
    /// <exception cref="InvalidOperationException">
    /// It failed, or printed no result; the message has all that it printed.
    /// </exception>
    public static async Task<ScenarioResult> RunAsync<TScenario>(params (string Name, string Value)[] environment)
        where TScenario : Scenario
    {
        string name = typeof(TScenario).Name;
        ProgramEnd end = await ProgramProcess.RunAsync(
            "tests/BoundedCache.MemoryScenarios",
            environment.ToDictionary(static setting => setting.Name, static setting => setting.Value),
            name);
        if (end.ExitCode == 0 && end.Output.TrimEnd().Split('\n')[^1] is ['{', ..] json)
        {
            return JsonSerializer.Deserialize<ScenarioResult>(json)!;
        }

        throw new InvalidOperationException(
            $"The scenario {name} ended with exit code {end.ExitCode}.\n--- standard output\n{end.Output}"
                + $"--- standard error\n{end.Errors}");
    }
}
