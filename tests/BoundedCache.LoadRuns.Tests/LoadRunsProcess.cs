using System.Diagnostics;
using System.Globalization;
using BoundedCache.TestSupport;

namespace BoundedCache.LoadRuns.Tests;

/// <summary>
/// The program as a process of its own, with the assemblies and the service that its own build gave it.
/// </summary>
internal sealed class LoadRunsProcess : IDisposable
{
    /// <summary>
    /// After this, something hangs. A service whose heap is at its limit is slow, and slower on a busy machine.
    /// </summary>
    private static readonly TimeSpan s_hung = TimeSpan.FromMinutes(10);

    private readonly System.Diagnostics.Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    public LoadRunsProcess(params string[] arguments)
    {
        string output = Path.GetRelativePath(
            Path.Combine(SourceTree.FindRoot(), "tests", "BoundedCache.LoadRuns.Tests"), AppContext.BaseDirectory);
        string program = Path.Combine(
            SourceTree.FindRoot(), "benchmarks", "BoundedCache.LoadRuns", output, "BoundedCache.LoadRuns.dll");
        _process = System.Diagnostics.Process.Start(new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var process = new LoadRunsProcess(arguments);
        return await process.EndAsync();
    }

    public async Task<(int ExitCode, string Output, string Error)> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(s_hung);
        return (_process.ExitCode, await _output.WaitAsync(s_hung), await _error.WaitAsync(s_hung));
    }

    /// <summary>
    /// Waits until it has started as many processes as are expected, and they theirs, and names them all.
    /// </summary>
    public async Task<int[]> WaitForDescendantsAsync(int atLeast)
    {
        using var limit = new CancellationTokenSource(s_hung);
        while (true)
        {
            int[] found = [.. DescendantsOf(_process.Id)];
            if (found.Length >= atLeast)
            {
                return found;
            }

            Assert.False(_process.HasExited, "It ended before it had started anything.");
            await Task.Delay(50, limit.Token);
        }
    }

    /// <summary>Sends it a signal by name.</summary>
    public async Task SignalAsync(string signal)
    {
        using System.Diagnostics.Process kill = System.Diagnostics.Process.Start(
            "kill", [$"-{signal}", Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public static bool IsAlive(int id) =>
        Read($"/proc/{id}/stat") is { } status && !status.Contains(") Z ", StringComparison.Ordinal);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

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
