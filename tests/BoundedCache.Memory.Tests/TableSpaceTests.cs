using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios.Cache;

namespace BoundedCache.Memory.Tests;

/// <summary>That a table which held a million entries does not stay as large as it was.</summary>
public sealed class TableSpaceTests
{
    [Fact]
    public async Task A_million_entries_removed_one_by_one_leave_less_than_a_megabyte() =>
        AssertGivenUp(await ChildProcess.RunAsync<EmptyByRemove>());

    [Fact]
    public async Task A_million_entries_compacted_leave_less_than_a_megabyte() =>
        AssertGivenUp(await ChildProcess.RunAsync<EmptyByCompact>());

    [Fact]
    public async Task A_million_entries_cleared_leave_less_than_a_megabyte() =>
        AssertGivenUp(await ChildProcess.RunAsync<EmptyByClear>());

    [Fact]
    public async Task A_million_entries_evicted_by_a_lower_limit_leave_less_than_a_megabyte() =>
        AssertGivenUp(await ChildProcess.RunAsync<EmptyByLimit>());

    [Fact]
    public async Task A_million_entries_that_the_scan_found_expired_leave_less_than_a_megabyte() =>
        AssertGivenUp(await ChildProcess.RunAsync<EmptyByExpiration>());

    private static void AssertGivenUp(ScenarioResult result)
    {
        Assert.InRange(result.Figures["fullBytes"], 70_000_000, 100_000_000);
        Assert.Equal(0, result.Figures["entries"]);
        Assert.Equal(0, result.Figures["usedBytes"]);
        Assert.InRange(result.Figures["keptBytes"], double.NegativeInfinity, 1_000_000);
    }
}
