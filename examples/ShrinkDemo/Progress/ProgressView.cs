using BoundedCache.ShrinkDemo.Results;

namespace BoundedCache.ShrinkDemo.Progress;

/// <summary>Shows the story's progress on standard error while it runs.</summary>
internal abstract class ProgressView
{
    /// <summary>
    /// Runs a story and shows its progress. When this ends, even by an exception, everything temporary that the view
    /// drew is removed.
    /// </summary>
    public abstract Task<DemoResult> ShowAsync(Func<IStoryObserver, Task<DemoResult>> tell);
}
