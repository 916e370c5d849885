using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Story;

public class StagePlanTests
{
    [Fact]
    public void The_main_job_has_six_stages() => Assert.Equal(
        [
            new Stage(1, StageKind.Start, 1 << 30),
            new Stage(2, StageKind.Fill, 1 << 30),
            new Stage(3, StageKind.Lower, 100 << 20),
            new Stage(4, StageKind.Release, 100 << 20),
            new Stage(5, StageKind.Shrink, 1),
            new Stage(6, StageKind.Reuse, 1 << 30),
        ],
        StagePlan.For(new DemoOptions()));

    [Fact]
    public void Only_the_first_new_limit_is_reached_in_two_stages() => Assert.Equal(
        [
            StageKind.Start, StageKind.Fill, StageKind.Lower, StageKind.Release, StageKind.Shrink, StageKind.Shrink,
            StageKind.Reuse,
        ],
        StagePlan.For(new DemoOptions { ShrinkToBytes = [300, 200, 100] }).Select(stage => stage.Kind));

    [Fact]
    public void A_single_new_limit_has_no_further_stage() => Assert.Equal(
        [StageKind.Start, StageKind.Fill, StageKind.Lower, StageKind.Release, StageKind.Reuse],
        StagePlan.For(new DemoOptions { ShrinkToBytes = [300] }).Select(stage => stage.Kind));
}
