namespace BoundedCache;

/// <summary>What a cache does, once it has let entries go, to make their memory leave the process.</summary>
public enum ReleaseMode
{
    /// <summary>Nothing: the memory stays with the runtime for its own next use, and RSS stays where it is.</summary>
    None = 0,

    /// <summary>
    /// Entries are evicted with breaks in between (a million takes a second or two), so that requests under way keep
    /// their processors. A garbage collection in the background, then small ones, some milliseconds each and ten a
    /// second, that each let the runtime hand back a slice: RSS falls by some 150 MB a second. Where survivors lie
    /// scattered, one collection first moves them together, and where little is alive one last full collection
    /// fetches the rest; their pauses grow with what stays alive, but not with what is handed back. Where the runtime
    /// hands nothing back this way one full collection follows, and the report says so. At most two collections of
    /// the whole heap run in the background, and at most two more stop the process:
    /// <see cref="ShrinkReport.Collections"/> counts the latter.
    /// </summary>
    Gentle = 1,

    /// <summary>
    /// One aggressive, compacting, blocking garbage collection that gives the emptied memory back to the operating
    /// system at once. Every managed thread stops while it runs (its length grows with what stays alive, not with what
    /// was let go); the pause is reported. A second one follows where finalizers held what was let go or another
    /// collection took its place, and never a third.
    /// </summary>
    Full = 2,
}
