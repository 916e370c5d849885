using System.Globalization;
using BoundedCache.TestSupport;

namespace BoundedCache.Benchmarks.Tests.LoadRuns;

/// <summary>
/// The program as a process of its own, with the assemblies and the service that its own build gave it.
/// </summary>
internal static class LoadRunsProcess
{
    private const string Project = "benchmarks/BoundedCache.LoadRuns";

    public static ProgramProcess Start(params string[] arguments) => new(Project, arguments);

    /// <summary>Runs it to its end.</summary>
    public static Task<ProgramEnd> RunAsync(params string[] arguments) => ProgramProcess.RunAsync(Project, arguments);

    /// <summary>
    /// Waits until it has started as many processes as are expected, and they theirs, and names them all.
    /// </summary>
    public static async Task<int[]> WaitForDescendantsAsync(this ProgramProcess process, int atLeast)
    {
        using var limit = new CancellationTokenSource(ProgramProcess.Hung);
        while (true)
        {
            int[] found = [.. DescendantsOf(process.Id)];
            if (found.Length >= atLeast)
            {
                return found;
            }

            Assert.False(process.HasExited, "It ended before it had started anything.");
            await Task.Delay(50, limit.Token);
        }
    }

    public static bool IsAlive(int id) =>
        Read($"/proc/{id}/stat") is { } status && !status.Contains(") Z ", StringComparison.Ordinal);

    private static IEnumerable<int> DescendantsOf(int id)
    {
        foreach (string task in TasksOf(id))
        {
            foreach (string child in Read(Path.Combine(task, "children"))
                ?.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                ?? [])
            {
                int number = int.Parse(child, CultureInfo.InvariantCulture);
                yield return number;
                foreach (int further in DescendantsOf(number))
                {
                    yield return further;
                }
            }
        }
    }

    private static string[] TasksOf(int id)
    {
        try
        {
            return Directory.GetDirectories($"/proc/{id}/task");
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>
    /// What the kernel says; null where a process or a thread is gone, which it may be between any two looks at it.
    /// </summary>
    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
