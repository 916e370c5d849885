using System.Text.Json;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.EndToEnd;

/// <summary>The shrink story at a small size, on real processes.</summary>
public sealed class ShrinkTests
{
    private static readonly string[] s_phases = ["start", "warm", "under load", "lowered", "after", "later", "raised"];

    [Fact]
    public async Task The_limit_of_a_service_under_load_is_lowered_and_raised()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var outputs = new Outputs();
        JsonElement result = await outputs.RunAsync("shrink", "shrink", "--quick", "--rows", "bounded-full");

        JsonElement row = AssertStory(result, "bounded-full");
        JsonElement[] phases = [.. row.GetProperty("phases").EnumerateArray()];
        Assert.Equal(
            [32, 32, 32, 8, 8, 8, 32], phases.Select(static phase => phase.GetProperty("maxBytes").GetInt64() >> 20));
        Assert.InRange(phases[2].GetProperty("usedBytes").GetInt64(), 31 << 20, 32 << 20);
        Assert.InRange(phases[3].GetProperty("usedBytes").GetInt64(), 7 << 20, 8 << 20);
        Assert.Equal(0, phases[0].GetProperty("usedBytes").GetInt64());
        Assert.InRange(
            row.GetProperty("call").GetProperty("pauseMilliseconds").GetDouble(),
            0.01,
            row.GetProperty("callMilliseconds").GetDouble());
        Assert.Equal("released", row.GetProperty("call").GetProperty("outcome").GetString());
        Assert.Equal(3, row.GetProperty("bars").GetArrayLength());

        // The rows of an earlier run stay where others are asked for.
        result = await outputs.RunAsync("shrink", "shrink", "--quick", "--rows", "bounded-bytes,memory-cache-compact");
        Assert.Equal(
            ["bounded-full", "bounded-bytes", "memory-cache-compact"],
            result.GetProperty("rows").EnumerateArray().Select(static one => one.GetProperty("name").GetString()));
        AssertStory(result, "memory-cache-compact");
        row = AssertStory(result, "bounded-bytes");
        Assert.Equal(0, row.GetProperty("call").GetProperty("pauseMilliseconds").GetDouble());
        Assert.Equal("released", row.GetProperty("call").GetProperty("outcome").GetString());
        Assert.Equal(4, row.GetProperty("bars").GetArrayLength());
    }

    internal static JsonElement AssertStory(JsonElement result, string name)
    {
        JsonElement row = result.GetProperty("rows")
            .EnumerateArray()
            .Single(one => one.GetProperty("name").GetString() == name);
        Outputs.AssertStamped(row.GetProperty("stamp"), "shrink --quick");
        Outputs.AssertServed(row.GetProperty("load"));
        Assert.Equal(
            s_phases,
            row.GetProperty("phases").EnumerateArray().Select(static phase => phase.GetProperty("name").GetString()));
        Assert.All(row.GetProperty("phases").EnumerateArray(), static phase =>
            Assert.InRange(phase.GetProperty("residentBytes").GetInt64(), 1 << 20, 1 << 30));
        Assert.InRange(row.GetProperty("emptyBytes").GetInt64(), 1 << 20, 1 << 30);
        Assert.InRange(row.GetProperty("resident").GetArrayLength(), 10, int.MaxValue);
        Assert.InRange(row.GetProperty("seconds").GetArrayLength(), 2, int.MaxValue);
        return row;
    }
}
