using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios;

namespace BoundedCache.Memory.Tests;

/// <summary>
/// Native memory that was freed and stays with its allocator: 196 of 200 MB, between blocks that are in use.
/// </summary>
public sealed class NativeMemoryTests
{
    [Fact]
    public async Task It_stays_and_is_named_unless_the_allocator_may_be_asked()
    {
        ScenarioResult result = await ChildProcess.RunAsync<NativeArena>();

        Assert.InRange(result.AboveEmptyBytes, 190_000_000, long.MaxValue);
        Assert.Contains(
            result.Advice, static advice => advice.Contains("native allocator keeps", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_leaves_where_the_allocator_may_be_asked_and_can_be()
    {
        ScenarioResult result = await ChildProcess.RunAsync<NativeArenaTrimmed>();

        if (result.Advice.Any(
            static advice => advice.Contains("TrimNativeMemory has no effect here", StringComparison.Ordinal)))
        {
            // Another C library.
            Assert.InRange(result.AboveEmptyBytes, 190_000_000, long.MaxValue);
            return;
        }

        // Each of the 4,000 blocks in use keeps one page, or two where it lies across.
        Assert.InRange(result.AboveEmptyBytes, 0, (4000 * 2 * 4096) + 10_000_000);
        Assert.Contains("The native allocator gave back", result.Reason, StringComparison.Ordinal);
    }
}
