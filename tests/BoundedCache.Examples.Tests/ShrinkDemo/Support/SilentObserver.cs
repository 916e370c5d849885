using BoundedCache.ShrinkDemo.Progress;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Workloads;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Support;

/// <summary>Notes the stages' labels, and nothing else.</summary>
internal sealed class SilentObserver : IStoryObserver
{
    public List<string> Labels { get; } = [];

    public void StageStarted(int number, string label) => Labels.Add(label);

    public void Worked(WorkProgress progress)
    {
    }

    public void Watching(TimeSpan left)
    {
    }

    public void StageFinished(StageResult result)
    {
    }
}
