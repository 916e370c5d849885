using BoundedCache.MemoryScenarios;

namespace BoundedCache.Memory.Tests;

/// <summary>That a child process's failure reaches the reader of the test's output.</summary>
public sealed class ChildProcessTests
{
    [Fact]
    public async Task An_unknown_scenario_is_an_error_that_shows_what_the_child_printed()
    {
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ChildProcess.RunAsync<NotAmongThem>());

        Assert.Contains("exit code 2", error.Message, StringComparison.Ordinal);
        Assert.Contains("Usage:", error.Message, StringComparison.Ordinal);
    }

    private sealed class NotAmongThem : Scenario
    {
        public override ScenarioResult Run(ProcessMemorySnapshot empty) => throw new NotSupportedException();
    }
}
