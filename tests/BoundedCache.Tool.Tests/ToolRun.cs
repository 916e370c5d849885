using System.Diagnostics;
using BoundedCache.TestSupport;

namespace BoundedCache.Tool.Tests;

/// <summary>One run of the tool as a process of its own, without a terminal.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Errors)
{
    public static async Task<ToolRun> OfAsync(
        IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using System.Diagnostics.Process process = Start(environment, arguments);
        return await EndAsync(process);
    }

    public static Task<ToolRun> OfAsync(params string[] arguments) =>
        OfAsync(new Dictionary<string, string>(), arguments);

    /// <summary>Starts it, and presses Ctrl+C when a line with such a text came.</summary>
    public static async Task<ToolRun> InterruptedAsync(string text, params string[] arguments)
    {
        using System.Diagnostics.Process process = Start(new Dictionary<string, string>(), arguments);
        string output = "";
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(ExampleProcess.Hung) is { } line)
        {
            output += line + "\n";
            if (line.Contains(text, StringComparison.Ordinal))
            {
                break;
            }
        }

        using (System.Diagnostics.Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            ToolRun rest = await EndAsync(process);
            return rest with { Output = output + rest.Output };
        }
    }

    /// <summary>Starts it, presses Ctrl+C when something has happened, and then does something.</summary>
    public static async Task<ToolRun> InterruptedAsync(Task happened, Func<Task> then, params string[] arguments)
    {
        using System.Diagnostics.Process process = Start(new Dictionary<string, string>(), arguments);
        Task<ToolRun> end = EndAsync(process);
        await happened.WaitAsync(ExampleProcess.Hung);
        using (System.Diagnostics.Process kill = System.Diagnostics.Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync().WaitAsync(ExampleProcess.Hung);
        }

        await then();
        return await end;
    }

    private static async Task<ToolRun> EndAsync(System.Diagnostics.Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(ExampleProcess.Hung);
        return new ToolRun(process.ExitCode, await output, await errors);
    }

    private static System.Diagnostics.Process Start(
        IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        string own = Path.GetRelativePath(Path.Combine(SourceTree.FindRoot(), "tests"), AppContext.BaseDirectory);
        string build = own[(own.IndexOf(Path.DirectorySeparatorChar, StringComparison.Ordinal) + 1)..];
        string assembly = Path.Combine(
            SourceTree.FindRoot(), "src", "BoundedCache.Tool", build, "BoundedCache.Tool.dll");
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [assembly, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("BOUNDEDCACHE_KEY");
        start.Environment.Remove("BOUNDEDCACHE_URL");
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return System.Diagnostics.Process.Start(start)!;
    }
}
