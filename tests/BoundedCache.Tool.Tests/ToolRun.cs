using BoundedCache.TestSupport;

namespace BoundedCache.Tool.Tests;

/// <summary>One run of the tool as a process of its own, without a terminal.</summary>
internal static class ToolRun
{
    private const string Project = "src/BoundedCache.Tool";

    public static Task<ProgramEnd> OfAsync(
        IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        ProgramProcess.RunAsync(Project, environment, arguments);

    public static Task<ProgramEnd> OfAsync(params string[] arguments) => ProgramProcess.RunAsync(Project, arguments);

    /// <summary>Starts it, and presses Ctrl+C when a line with such a text came.</summary>
    public static async Task<ProgramEnd> InterruptedAsync(string text, params string[] arguments)
    {
        using var process = new ProgramProcess(Project, arguments);
        await process.WaitForAsync(text);
        await process.SignalAsync("INT");
        return await process.EndAsync();
    }

    /// <summary>Starts it, presses Ctrl+C when something has happened, and then does something.</summary>
    public static async Task<ProgramEnd> InterruptedAsync(Task happened, Func<Task> then, params string[] arguments)
    {
        using var process = new ProgramProcess(Project, arguments);
        await happened.WaitAsync(ProgramProcess.Hung);
        await process.SignalAsync("INT");
        await then();
        return await process.EndAsync();
    }
}
