using System.Globalization;
using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios;

namespace BoundedCache.Memory.Tests;

/// <summary>What caches say in a process whose heap has a hard limit, as it has in a container.</summary>
public sealed class HeapLimitTests
{
    [Fact]
    public async Task A_limit_that_the_heap_cannot_hold_is_warned_of_when_it_is_set()
    {
        ScenarioResult result = await ChildProcess.RunAsync<HeapWithHardLimit>(
            ("DOTNET_GCHeapHardLimit", HeapWithHardLimit.HeapBytes.ToString("x", CultureInfo.InvariantCulture)));

        Assert.Equal(0, result.Figures["fitting"]);
        Assert.Equal(1, result.Figures["together"]);
        Assert.Equal(1, result.Figures["findings"]);
        Assert.Equal(0, result.Figures["findingsWithoutSecond"]);
        Assert.Equal(1, result.Figures["raisedALittle"]);
        Assert.Equal(2, result.Figures["raised"]);
        Assert.Equal(3, result.Figures["lowered"]);
        Assert.StartsWith(
            "40 Warning: second: with its limit of 157286400 bytes, the caches of this process may need more than it "
                + "can hold.",
            result.Advice[0],
            StringComparison.Ordinal);
        Assert.Contains("caches that may have 250 MiB need", result.Advice[0], StringComparison.Ordinal);
        Assert.StartsWith(
            "40 Warning: fitting: with its limit of 1073741824 bytes", result.Advice[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_said_where_the_heap_has_no_limit()
    {
        ScenarioResult result = await ChildProcess.RunAsync<HeapWithHardLimit>();

        // Where the tests run in a container or on a small machine themselves, it may be too small for a gigabyte.
        Assert.All(result.Advice, static line => Assert.Matches("The (container|machine) has", line));
        Assert.Equal(0, result.Figures["together"]);
    }
}
