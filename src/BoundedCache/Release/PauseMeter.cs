using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>
/// The time for which collections stop the process during one release: all of it, and the most that one step caused.
/// </summary>
internal sealed class PauseMeter(IGarbageCollector collector)
{
    private readonly TimeSpan _before = collector.TotalPause;

    /// <summary>All pauses since the meter was made, other threads' collections included.</summary>
    public TimeSpan Total => collector.TotalPause - _before;

    /// <summary>
    /// The most that one collection of the release stopped the process. A collection in the background, which stops it
    /// twice and briefly, counts as one.
    /// </summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Runs a step that collects once.</summary>
    public void Measure(Action step)
    {
        TimeSpan before = collector.TotalPause;
        step();
        TimeSpan pause = collector.TotalPause - before;
        Longest = pause > Longest ? pause : Longest;
    }
}
