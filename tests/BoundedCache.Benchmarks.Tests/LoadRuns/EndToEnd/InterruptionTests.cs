using BoundedCache.TestSupport;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.EndToEnd;

/// <summary>However the program ends, what it started ends with it.</summary>
public sealed class InterruptionTests
{
    [Fact]
    public async Task A_run_that_is_interrupted_says_so_and_leaves_nothing_behind()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var outputs = new Outputs();
        using ProgramProcess process = LoadRunsProcess.Start(
            "sawtooth", "--quick", "--minutes", "10", "--output", outputs.Directory);
        int[] started = await process.WaitForDescendantsAsync(1);
        await process.SignalAsync("INT");
        (int exitCode, string output, string error) = await process.EndAsync();

        Assert.Equal(130, exitCode);
        Assert.Empty(output);
        Assert.EndsWith("LoadRuns: interrupted; no result was written.\n", error, StringComparison.Ordinal);
        Assert.All(started, static id => Assert.False(LoadRunsProcess.IsAlive(id)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(outputs.Directory));
    }

    [Fact]
    public async Task A_run_that_is_killed_takes_service_and_server_with_it()
    {
        if (Skip.LacksProgram("redis-server"))
        {
            return;
        }

        using var outputs = new Outputs();
        using ProgramProcess process = LoadRunsProcess.Start(
            "shrink", "--quick", "--rows", "redis", "--output", outputs.Directory);

        // The server's shell, the server, and the service.
        int[] started = await process.WaitForDescendantsAsync(3);
        await process.SignalAsync("KILL");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (started.Any(LoadRunsProcess.IsAlive))
        {
            await Task.Delay(50, limit.Token);
        }
    }
}
