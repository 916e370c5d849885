using System.Text.Json;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.EndToEnd;

/// <summary>A few teeth.</summary>
public sealed class SawtoothTests
{
    [Theory]
    [InlineData("sawtooth")]
    [InlineData("sawtooth-bytes", "--bytes")]
    public async Task Memory_follows_the_limit_up_and_down(string name, params string[] more)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var outputs = new Outputs();
        JsonElement result = await outputs.RunAsync(
            name, ["sawtooth", "--quick", "--minutes", more.Length > 0 ? "0.0001" : "0.03", .. more]);

        Outputs.AssertStamped(result.GetProperty("stamp"), "sawtooth --quick");
        Outputs.AssertServed(result.GetProperty("load"));
        JsonElement[] cycles = [.. result.GetProperty("cycles").EnumerateArray()];
        Assert.InRange(cycles.Length, 1, 5);
        Assert.All(cycles, static cycle => Assert.True(
            cycle.GetProperty("lowBytes").GetInt64() + (10 << 20) < cycle.GetProperty("highBytes").GetInt64(),
            $"{cycle}"));
        Assert.Equal(3, result.GetProperty("bars").GetArrayLength());
    }
}
