using BoundedCache.ShrinkDemo.Results;

namespace BoundedCache.ShrinkDemo.Progress;

/// <summary>Shows on standard error how the story goes while it is told.</summary>
internal abstract class ProgressView
{
    /// <summary>
    /// Tells a story under the view's eyes; whatever the view drew of a passing nature is gone when
    /// this ends, however it ends.
    /// </summary>
    public abstract Task<DemoResult> ShowAsync(Func<IStoryObserver, Task<DemoResult>> tell);
}
