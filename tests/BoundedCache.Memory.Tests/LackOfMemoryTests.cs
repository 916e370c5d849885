using System.Globalization;
using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios;

namespace BoundedCache.Memory.Tests;

/// <summary>A cache in a heap that is full.</summary>
public sealed class LackOfMemoryTests
{
    [Fact]
    public async Task What_fails_for_lack_of_memory_changes_nothing_and_what_has_left_is_told()
    {
        ScenarioResult result = await ChildProcess.RunAsync<LackOfMemory>(
            ("DOTNET_GCHeapHardLimit", LackOfMemory.HeapBytes.ToString("x", CultureInfo.InvariantCulture)));

        Assert.NotEqual(0, result.Figures["failed"]);
        Assert.Equal(0, result.Figures["untold"]);
        Assert.Equal(0, result.Figures["unfreed"]);
    }
}
