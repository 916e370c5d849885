using System.Runtime.ConstrainedExecution;

namespace BoundedCache.Bytes;

/// <summary>
/// All address space of one cache. It stays mapped until this object is collected, so a reader that comes late reads
/// bytes that its version check rejects, and never faults.
/// </summary>
/// <remarks>
/// Whoever follows an address keeps this object alive until it is done (<see cref="GC.KeepAlive"/>): disposing a cache
/// gives the memory back, and only the finalizer ends the mappings. Mapping happens under the engine's lock.
/// </remarks>
internal sealed class AddressSpace(IPageSource source) : CriticalFinalizerObject
{
    private readonly IPageSource _source = source;
    private readonly List<(nint Start, nuint Length)> _mappings = [];

    ~AddressSpace()
    {
        foreach ((nint start, nuint length) in _mappings)
        {
            _source.Unmap(start, length);
        }
    }

    public int PageSize => _source.PageSize;

    /// <summary>
    /// How often the system refused: to map addresses, or to take memory back. Who tells a refusal from a limit that
    /// is reached looks whether it grew. Under the engine's lock, except for what is given back without it.
    /// </summary>
    public long Refusals => Interlocked.Read(ref _refusals);

    private long _refusals;

    /// <summary>Maps a range of addresses.</summary>
    /// <returns>Its address; 0 where the system refuses.</returns>
    public nint TryMap(nuint length, nuint alignment)
    {
        _mappings.EnsureCapacity(_mappings.Count + 1);
        nint start = _source.TryMap(length, alignment);
        if (start != 0)
        {
            _mappings.Add((start, length));
        }
        else
        {
            Interlocked.Increment(ref _refusals);
        }

        return start;
    }

    /// <summary>Gives the memory of whole pages back; their addresses stay readable.</summary>
    /// <returns>False where the system did not take it: it is resident as before.</returns>
    public bool TryGiveBack(nint start, nuint length)
    {
        bool isGiven = _source.TryGiveBack(start, length);
        if (!isGiven)
        {
            Interlocked.Increment(ref _refusals);
        }

        return isGiven;
    }
}

/// <summary>
/// The account of resident pages: all that were written and not given back. Changed under the engine's lock; any
/// thread may read <see cref="UsedBytes"/>.
/// </summary>
internal sealed class PageAccount(int pageSize)
{
    private long _pages;
    private long _limitPages;

    public int PageSize { get; } = pageSize;

    /// <summary>Pages of slabs that hold nothing and were not given back yet.</summary>
    public long FreePages { get; set; }

    /// <summary>Pages that are just being given back, without the lock.</summary>
    public long LeavingPages { get; set; }

    /// <summary>Resident bytes.</summary>
    public long UsedBytes => Volatile.Read(ref _pages) * PageSize;

    /// <summary>Resident pages.</summary>
    public long Pages => _pages;

    /// <summary>Resident pages that hold something.</summary>
    public long LivePages => _pages - FreePages - LeavingPages;

    /// <summary>The limit that holds now, rounded down to whole pages.</summary>
    public long LimitPages => _limitPages;

    public void SetLimit(long bytes) => _limitPages = bytes / PageSize;

    public void Add(long pages) => Volatile.Write(ref _pages, _pages + pages);

    /// <summary>Pages that hold a number of bytes.</summary>
    public int PagesOf(long bytes) => (int)((bytes + PageSize - 1) / PageSize);

    /// <summary>Whether more pages may become live.</summary>
    /// <param name="live">How many.</param>
    public bool MayUse(long live) => LivePages + live <= _limitPages;

    /// <summary>Whether more pages may become resident. What is leaving does not count any more.</summary>
    public bool MayTouch(long pages) => _pages - LeavingPages + pages <= _limitPages;
}
