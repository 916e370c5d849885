using System.Text.Json;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.EndToEnd;

/// <summary>The same story with caches that are servers of their own.</summary>
public sealed class ServerTests
{
    [Theory]
    [InlineData("redis", "redis-server")]
    [InlineData("memcached", "memcached")]
    public async Task A_server_beside_the_service_is_started_used_shrunk_and_ended(string row, string program)
    {
        if (Skip.LacksProgram(program))
        {
            return;
        }

        using var outputs = new Outputs();
        JsonElement result = await outputs.RunAsync("shrink", "shrink", "--quick", "--rows", row);

        JsonElement[] phases = [.. ShrinkTests.AssertStory(result, row).GetProperty("phases").EnumerateArray()];
        Assert.Equal(8 << 20, phases[3].GetProperty("maxBytes").GetInt64());
        Assert.InRange(phases[2].GetProperty("usedBytes").GetInt64(), 16 << 20, 33 << 20);
    }
}
