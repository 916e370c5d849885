using System.Globalization;
using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios;

namespace BoundedCache.Memory.Tests;

/// <summary>Byte caches in processes of their own.</summary>
public sealed class ByteCacheTests
{
    [Fact]
    public async Task A_limit_that_the_machine_cannot_hold_is_warned_of_however_it_is_set()
    {
        // A heap's limit does not bound native memory.
        ScenarioResult result = await ChildProcess.RunAsync<ByteLimits>(
            ("DOTNET_GCHeapHardLimit", (128L << 20).ToString("x", CultureInfo.InvariantCulture)));

        Assert.Equal(
            new Dictionary<string, double>
            {
                ["fitting"] = 0,
                ["findings"] = 0,
                ["previewed"] = 1,
                ["previewedFitting"] = 0,
                ["made"] = 1,
                ["findingsWithSecond"] = 1,
                ["findingsWithoutSecond"] = 0,
                ["set"] = 2,
                ["advice"] = 1,
                ["lowered"] = 3,
            },
            result.Figures);
        Assert.StartsWith(
            "40 Warning: second: with its limit of 4398046511104 bytes, the caches of this process may need more than "
                + "it can hold. The ",
            result.Advice[0],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_more_address_space_the_cache_makes_do_with_what_it_has()
    {
        ScenarioResult result = await ChildProcess.RunAsync<ByteAddressLimit>(("DOTNET_TieredCompilation", "0"));

        // Of 48 MiB some are the runtime's, and the cache takes 4 MiB at a time.
        Assert.Equal(150_000, result.Figures["stored"]);
        Assert.Equal(result.Figures["count"], result.Figures["right"]);
        Assert.InRange(result.Figures["usedBytes"], 8 << 20, 48 << 20);
        Assert.Equal(1, result.Figures["isLargeStored"]);
        Assert.Equal(150_000, result.Figures["storedAfter"]);
        Assert.InRange(result.Figures["countAfter"], 150_000, 150_001);
    }
}
