using System.Globalization;
using System.Text.RegularExpressions;
using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios.Cache;

namespace BoundedCache.Memory.Tests;

/// <summary>A real process that holds much more than it needs and is quiet.</summary>
public sealed partial class IdleReleaseTests
{
    [Fact]
    public async Task Its_memory_leaves_though_nobody_asks_and_the_cost_is_logged_once()
    {
        ScenarioResult result = await ChildProcess.RunAsync<IdleProcess>();

        ResidentBound.AssertWasFull(result, 400_000_000);
        ResidentBound.AssertHolds(result);

        // The log has one line of it, though an hour has passed: the release lasted beyond all of the clock's minutes.
        string line = Assert.Single(result.Advice);
        Match cost = Cost().Match(line);
        Assert.True(cost.Success, line);
        double[] milliseconds = [.. cost.Groups.Values.Skip(1)
            .Select(static group => double.Parse(group.Value, CultureInfo.InvariantCulture))];

        // The whole takes longer than the process was stopped for, which is the sum of several pauses.
        Assert.True(
            milliseconds[0] > milliseconds[1] && milliseconds[1] >= milliseconds[2] && milliseconds[2] > 0, line);
    }

    [GeneratedRegex(@"^30 Information: idle: idle release: The process's RSS fell by .+ \(([0-9]+) ms in all, "
        + @"GC pause ([0-9]+) ms, at most ([0-9]+) ms at once\)$")]
    private static partial Regex Cost();
}
