using System.Text.Json;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.ExplainRss;

/// <summary>
/// The program as a process of its own, under the runtime settings that a test chooses and no others.
/// </summary>
internal static class ExplainProcess
{
    public static Task<ProgramEnd> RunAsync(
        string[] arguments, params (string Name, string Value)[] environment) =>
        ProgramProcess.RunAsync(
            "examples/ExplainRss",
            environment.ToDictionary(static setting => setting.Name, static setting => setting.Value),
            arguments);

    public static async Task<Explanation> ExplainAsync(string cause, params (string Name, string Value)[] environment)
    {
        (int exitCode, string output, string error) = await RunAsync([cause, "--json"], environment);
        Assert.True(exitCode == 0, error);
        return new Explanation(JsonDocument.Parse(output).RootElement);
    }
}
