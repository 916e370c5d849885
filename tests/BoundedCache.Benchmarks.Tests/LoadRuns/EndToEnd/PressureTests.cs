using System.Text.Json;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.EndToEnd;

/// <summary>A service in a small memory group, whose other code takes memory and gives it back.</summary>
public sealed class PressureTests
{
    [Fact]
    public async Task A_cache_yields_before_the_containers_limit_and_has_its_own_again_afterwards()
    {
        if (Skip.LacksMemoryGroups())
        {
            return;
        }

        using var outputs = new Outputs();
        JsonElement result = await outputs.RunAsync("pressure", "pressure", "--quick");

        Outputs.AssertStamped(result.GetProperty("stamp"), "pressure --quick");
        JsonElement only = Assert.Single(result.GetProperty("cases").EnumerateArray());
        Assert.Null(only.GetProperty("death").GetString());
        Assert.InRange(
            only.GetProperty("leastLimitBytes").GetInt64(), 1, only.GetProperty("maxBytes").GetInt64() - 1);
        Assert.Equal(JsonValueKind.Number, only.GetProperty("secondsUntilBack").ValueKind);
    }
}
