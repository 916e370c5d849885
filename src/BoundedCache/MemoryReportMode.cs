namespace BoundedCache;

/// <summary>How much a <see cref="MemoryReport"/> may disturb the process to know more.</summary>
public enum MemoryReportMode
{
    /// <summary>
    /// Reads, and collects nothing. What is live and what is dead is an estimate: what survived the last garbage
    /// collection counts as live, save what caches let go since the last collection of the whole heap; what was
    /// allocated since counts as dead, unless it is in a cache.
    /// </summary>
    Observe = 0,

    /// <summary>
    /// Reads, and then runs one blocking garbage collection of the whole heap (a second one where finalizers hold what
    /// is dead) to learn what of the memory read is live. Every managed thread stops for as long as that takes;
    /// <see cref="MemoryReport.GcPause"/> says how long it took. Inside a no-GC region it only observes, and says so.
    /// </summary>
    Collect = 1,
}
