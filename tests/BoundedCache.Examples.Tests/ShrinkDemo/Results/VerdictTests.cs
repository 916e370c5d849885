using BoundedCache.Examples.Tests.ShrinkDemo.Support;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Story;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Results;

public class VerdictTests
{
    [Fact]
    public void Verdicts_are_plain_sentences()
    {
        DemoResult kept = SampleResults.BoundedCache();
        DemoResult broken = SampleResults.Complete(kept with { Stages = WithResident(kept, StageKind.Release, 600) });
        DemoResult unreleased = SampleResults.Complete(
            broken with { Setup = kept.Setup with { Release = ReleaseMode.None } });
        DemoResult small = SampleResults.Complete(
            kept with { Stages = [.. kept.Stages.Select(stage => stage with { ResidentBytes = 40 << 20 })] });
        DemoResult faulty = SampleResults.Complete(
            kept with { Faults = ["3 reads returned what was not written under their key"] });

        Snapshot.Verify($"""
            kept:       {kept.Verdict}
            broken:     {broken.Verdict}
            unreleased: {unreleased.Verdict}
            small:      {small.Verdict}
            faulty:     {faulty.Verdict}
            other:      {SampleResults.MemoryCache().Verdict}
            comparison: {SampleResults.Comparison().Verdict}

            """);
    }

    [Fact]
    public void A_promise_is_a_tenth_and_ten_megabytes_above_the_limit()
    {
        DemoResult result = SampleResults.BoundedCache();

        Assert.Equal([4, 5], result.Promises.Select(promise => promise.Stage));
        Assert.Equal(120L << 20, result.Promises[0].AllowedBytes);
        Assert.Equal(110L << 20, result.Promises[0].AboveEmptyBytes);
        Assert.All(result.Promises, promise => Assert.True(promise.Kept));
        Assert.False((result.Promises[0] with { AboveEmptyBytes = (120L << 20) + 1 }).Kept);
    }

    private static List<StageResult> WithResident(DemoResult result, StageKind kind, long mebibytes) =>
        [.. result.Stages.Select(stage => stage.Kind == kind ? stage with { ResidentBytes = mebibytes << 20 } : stage)];
}
