namespace BoundedCache;

/// <summary>What a cache does, once it has let entries go, to make their memory leave the process.</summary>
public enum ReleaseMode
{
    /// <summary>Nothing: the memory stays with the runtime for its own next use, and RSS stays where it is.</summary>
    None = 0,

    /// <summary>
    /// One aggressive, compacting, blocking garbage collection that gives the emptied memory back to the operating
    /// system at once. Every managed thread stops while it runs (its length grows with what stays alive, not with what
    /// was let go); the pause is reported.
    /// </summary>
    Full = 2,
}
