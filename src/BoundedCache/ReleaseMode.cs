namespace BoundedCache;

/// <summary>How a cache makes the memory of entries that left it leave the process.</summary>
public enum ReleaseMode
{
    /// <summary>Nothing: the memory stays with the runtime for its own next use, and RSS does not fall.</summary>
    None = 0,

    /// <summary>
    /// Entries are evicted with breaks in between (a million takes a second or two), so that requests keep their
    /// processors. A garbage collection in the background follows, then small ones, some milliseconds each and ten a
    /// second. Each lets the runtime return a slice: RSS falls by some 150 MB a second. Where survivors are scattered,
    /// one collection first moves them together; where little is alive, one last full collection fetches the rest. The
    /// pauses of these two grow with what stays alive, not with what is returned. Where the runtime returns nothing
    /// this way, one full collection follows, and the report says so. At most two collections of the whole heap run in
    /// the background, and at most two more stop the process: <see cref="ShrinkReport.Collections"/> counts the latter.
    /// </summary>
    Gentle = 1,

    /// <summary>
    /// One aggressive, compacting, blocking garbage collection that returns the emptied memory to the operating system
    /// at once. Every managed thread stops while it runs. The pause grows with what stays alive, not with what was
    /// freed; it is reported. A second one follows where finalizers held freed memory or another collection ran
    /// instead; never a third.
    /// </summary>
    Full = 2,
}
