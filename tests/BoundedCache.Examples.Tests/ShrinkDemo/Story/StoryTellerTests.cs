using BoundedCache.Examples.Tests.ShrinkDemo.Support;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Story;

public class StoryTellerTests
{
    private static readonly DemoOptions s_options = new()
    {
        Entries = 500,
        ValueBytes = 64,
        MaxMemoryBytes = 1 << 20,
        ShrinkToBytes = [10_000, 1],
        Wait = TimeSpan.FromMilliseconds(1),
    };

    [Fact]
    public async Task Every_stage_has_a_row_and_a_place_on_the_timeline()
    {
        var observer = new SilentObserver();
        DemoResult result = await TellAsync(new FakeCache { PromisesLru = false }, observer);

        Assert.Equal([1, 2, 3, 4, 5, 6], result.Stages.Select(stage => stage.Number));
        Assert.Equal(["start", "writing 500 entries of 64 B", "Lower", "Release", "Shrink", "Reuse"], observer.Labels);
        Assert.Equal("500 entries written", result.Stages[1].Label);
        Assert.Equal(500, result.Stages[1].Entries);
        Assert.Equal(0, result.Stages[4].CacheBytes);
        Assert.All(result.Stages, stage => Assert.True(stage.ResidentBytes > 0 && stage.StartedAt <= stage.EndedAt));
        Assert.True(result.Timeline.Count >= 2 * result.Stages.Count);
        Assert.True(result.Timeline.Zip(result.Timeline.Skip(1)).All(pair => pair.First.At <= pair.Second.At));
        Assert.Empty(result.Faults);
    }

    [Fact]
    public async Task A_cache_that_returns_another_keys_value_is_at_fault()
    {
        byte[] other = new byte[64];
        other[0] = 99;

        DemoResult result = await TellAsync(
            new FakeCache { Returns = _ => other, PromisesLru = false }, new SilentObserver());

        Assert.Contains(result.Faults, fault =>
            fault.EndsWith("reads returned what was not written under their key", StringComparison.Ordinal));
        Assert.StartsWith("The cache is at fault: ", result.Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cache_that_promised_to_keep_the_newest_and_dropped_one_is_at_fault()
    {
        DemoResult result = await TellAsync(
            new FakeCache { Refuses = key => key == "key:00000499" }, new SilentObserver());

        // The fake forgets everything when the limit is lowered, so the newest are lost in the
        // stages after that as well.
        Assert.Contains("1 of 1,319 writes were not taken", result.Faults);
        Assert.Contains(
            result.Faults, fault => fault.EndsWith("of the newest entries were gone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cancellation_ends_the_story()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new StoryTeller(s_options, new FakeCache(), new SilentObserver(), source.Token).TellAsync());
    }

    private static Task<DemoResult> TellAsync(FakeCache cache, SilentObserver observer) =>
        new StoryTeller(s_options, cache, observer, CancellationToken.None).TellAsync();
}
