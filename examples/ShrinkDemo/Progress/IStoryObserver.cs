using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Workloads;

namespace BoundedCache.ShrinkDemo.Progress;

/// <summary>Receives the story's progress, on the story's own thread.</summary>
internal interface IStoryObserver
{
    /// <summary>A stage begins; <paramref name="label"/> says what will be done.</summary>
    void StageStarted(int number, string label);

    /// <summary>
    /// Some work was done. Called after every request, so it must be cheap if there is nothing to show yet.
    /// </summary>
    void Worked(WorkProgress progress);

    /// <summary>The step is done and the process is being watched. Called several times a second.</summary>
    void Watching(TimeSpan left);

    void StageFinished(StageResult result);
}
