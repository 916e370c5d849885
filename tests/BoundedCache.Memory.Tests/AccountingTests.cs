using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios.Cache;

namespace BoundedCache.Memory.Tests;

/// <summary>That the bytes a cache says it uses are the bytes that the collector finds it keeps alive.</summary>
public sealed class AccountingTests
{
    [Fact]
    public async Task Arrays_of_a_kibibyte_are_accounted_within_2_percent() =>
        AssertWithin(0.02, await ChildProcess.RunAsync<AccountOfKibibytes>());

    [Fact]
    public async Task Arrays_of_eight_bytes_are_accounted_within_2_percent() =>
        AssertWithin(0.02, await ChildProcess.RunAsync<AccountOfEightBytes>());

    [Fact]
    public async Task Short_strings_are_accounted_within_2_percent() =>
        AssertWithin(0.02, await ChildProcess.RunAsync<AccountOfShortStrings>());

    [Fact]
    public async Task Object_graphs_are_accounted_within_5_percent() =>
        AssertWithin(0.05, await ChildProcess.RunAsync<AccountOfGraphs>());

    private static void AssertWithin(double share, ScenarioResult result)
    {
        (double used, double alive) = (result.Figures["usedBytes"], result.Figures["aliveBytes"]);
        Assert.True(
            Math.Abs(used - alive) <= alive * share,
            $"{used:N0} bytes accounted, {alive:N0} alive: off by {(used / alive) - 1:P2}.");
    }
}
