using BoundedCache.ShrinkDemo.CommandLine;

namespace BoundedCache.ShrinkDemo.Story;

/// <summary>
/// The stages that the options ask for. The first new limit is reached in two stages, so that its cost and its
/// effect are shown separately.
/// </summary>
internal static class StagePlan
{
    public static IReadOnlyList<Stage> For(DemoOptions options)
    {
        var stages = new List<Stage>();
        Add(StageKind.Start, options.MaxMemoryBytes);
        Add(StageKind.Fill, options.MaxMemoryBytes);
        Add(StageKind.Lower, options.ShrinkToBytes[0]);
        Add(StageKind.Release, options.ShrinkToBytes[0]);
        foreach (long limit in options.ShrinkToBytes.Skip(1))
        {
            Add(StageKind.Shrink, limit);
        }

        Add(StageKind.Reuse, options.MaxMemoryBytes);
        return stages;

        void Add(StageKind kind, long limit) => stages.Add(new Stage(stages.Count + 1, kind, limit));
    }
}
