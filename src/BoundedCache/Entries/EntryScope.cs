namespace BoundedCache.Entries;

/// <summary>
/// The place of a builder among the builders around it, in caches that link entries. Threads, timers and tasks that
/// began within a builder refer to this object for as long as they live, and to nothing of the builder once it is
/// disposed.
/// </summary>
internal sealed class EntryScope
{
    /// <summary>
    /// The scope that this thread or asynchronous flow is in. Shared by all caches, as with MemoryCache.
    /// </summary>
    private static readonly AsyncLocal<EntryScope?> s_current = new();

    private volatile CacheEntry? _entry;
    private volatile EntryScope? _outer;

    private EntryScope(CacheEntry entry, EntryScope? outer)
    {
        _entry = entry;
        _outer = outer;
    }

    /// <summary>The builder that this thread or asynchronous flow is in; null where there is none.</summary>
    public static CacheEntry? CurrentEntry => s_current.Value?._entry;

    /// <summary>Enters the scope of a builder, within the current one.</summary>
    public static EntryScope Enter(CacheEntry entry)
    {
        // A scope that another flow has left is not kept: one that is entered and left in turns would become a chain.
        EntryScope? outer = s_current.Value;
        var scope = new EntryScope(entry, outer?._entry is null ? null : outer);
        s_current.Value = scope;
        return scope;
    }

    /// <summary>Leaves the scope: the one around it is the current one again. Once only.</summary>
    /// <returns>The builder around this one; null where there is none, or where it is disposed.</returns>
    public CacheEntry? Leave()
    {
        EntryScope? outer = _outer;
        CacheEntry? entry = outer?._entry;
        _entry = null;
        _outer = null;
        s_current.Value = entry is null ? null : outer;
        return entry;
    }
}
