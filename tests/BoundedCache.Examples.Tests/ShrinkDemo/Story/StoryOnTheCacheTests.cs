using BoundedCache.Engine;
using BoundedCache.ShrinkDemo.Caches;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Progress;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Story;
using BoundedCache.ShrinkDemo.Workloads;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Story;

/// <summary>The story told on the library's own cache, whose invariants are checked after every stage.</summary>
public class StoryOnTheCacheTests
{
    [Fact]
    public async Task Every_stage_leaves_the_cache_whole_and_within_its_limit()
    {
        var options = new DemoOptions
        {
            Entries = 20_000,
            ValueBytes = 64,
            MaxMemoryBytes = 1 << 20,
            ShrinkToBytes = [100_000, 1],
            Wait = TimeSpan.FromMilliseconds(1),
        };
        using var cache = new BoundedDemoCache(options.MaxMemoryBytes, ReleaseMode.None);
        var checker = new Checker(cache);

        DemoResult result = await new StoryTeller(options, cache, checker, CancellationToken.None).TellAsync();

        Assert.Equal(result.Stages.Count, checker.Checks);
        Assert.Empty(result.Faults);
    }

    private sealed class Checker(BoundedDemoCache cache) : IStoryObserver
    {
        public int Checks { get; private set; }

        public void StageStarted(int number, string label)
        {
        }

        public void Worked(WorkProgress progress)
        {
        }

        public void Watching(TimeSpan left)
        {
        }

        public void StageFinished(StageResult result)
        {
            InvariantChecker.Check(cache.Cache.Engine);
            Checks++;
        }
    }
}
