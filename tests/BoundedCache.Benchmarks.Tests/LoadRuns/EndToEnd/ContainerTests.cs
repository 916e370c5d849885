using System.Text.Json;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.EndToEnd;

/// <summary>Services in small memory groups.</summary>
public sealed class ContainerTests
{
    [Fact]
    public async Task A_limit_that_the_container_cannot_hold_is_warned_of_and_one_that_it_can_is_not()
    {
        if (Skip.LacksMemoryGroups())
        {
            return;
        }

        using var outputs = new Outputs();
        JsonElement result = await outputs.RunAsync("container", "container", "--quick", "--minutes", "0.02");

        Outputs.AssertStamped(result.GetProperty("stamp"), "container --quick");
        JsonElement[] cases = [.. result.GetProperty("cases").EnumerateArray()];
        Assert.Empty(CacheWarnings(cases[0]));
        Assert.Null(cases[0].GetProperty("death").GetString());
        Assert.InRange(cases[0].GetProperty("insertsPerSecond").GetDouble(), 1, double.MaxValue);

        // 256 MiB, of which the heap may have 192, and of those a cache four fifths less what is constant.
        // A cache that is larger than that also yields, which is event 41.
        string warning = Assert.Single(CacheWarnings(cases[1]), static text => text.Contains("[40]"));
        Assert.All(CacheWarnings(cases[1]), static text => Assert.Matches(@"\[4[01]\]", text));
        Assert.Contains("[40] items: with its limit of 188743680 bytes", warning, StringComparison.Ordinal);
        Assert.Contains(
            "The container has 256 MiB, and the managed heap 192 MiB of them", warning, StringComparison.Ordinal);
        Assert.Contains("Lower MaxMemory to 115 MiB in all", warning, StringComparison.Ordinal);
        Assert.True(
            cases[1].GetProperty("death").GetString() is not null
                || cases[1].GetProperty("findings")
                    .EnumerateArray()
                    .Any(static finding => finding.GetString()!.StartsWith("HeapLimit: ", StringComparison.Ordinal)),
            $"{cases[1]}");
    }

    [Fact]
    public async Task Busy_processes_beside_the_services_are_told_and_end_with_the_run()
    {
        if (Skip.LacksMemoryGroups())
        {
            return;
        }

        using var outputs = new Outputs();
        JsonElement result = await outputs.RunAsync(
            "container-busy", "container", "--quick", "--minutes", "0.02", "--busy", "2");

        Assert.Equal(2, result.GetProperty("busyProcesses").GetInt32());
        Assert.Contains(
            "2 busy processes beside them",
            File.ReadAllText(outputs.PathOf("container-busy", "txt")),
            StringComparison.Ordinal);
        Assert.Equal(2, result.GetProperty("cases").GetArrayLength());
    }

    /// <summary>
    /// Warnings of the cache itself. The server may have its own: that memory is short, which it is here, or
    /// that the machine is busy.
    /// </summary>
    private static IEnumerable<string> CacheWarnings(JsonElement one) =>
        one.GetProperty("warnings").EnumerateArray().Select(static warning => warning.GetString()!)
            .Where(static warning => warning.StartsWith("warn: BoundedCache", StringComparison.Ordinal));
}
