using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <summary>
/// When the young generations are compacted: when half a budget has come into caches since the last collection of any
/// kind. Guarded by the pacer's lock.
/// </summary>
/// <remarks>
/// The runtime lets new objects pile up by the size of the processor's cache: hundreds of megabytes on a large server,
/// whatever the limit. When it then finds nearly all of them alive, it leaves them where they are. What died between
/// them (temporary objects of building an entry) stays as holes for as long as the entries live. Compacted early, new
/// entries fill the holes that older entries left. So where the runtime's own collections are known to come because of
/// what caches take in, the next one is forestalled. The process stops more often and for less time each, and for no
/// longer in all: nearly all the time is spent on moving survivors, once.
/// </remarks>
internal sealed class YoungPacing(IGarbageCollector collector, TimeProvider time)
{
    // New and dead bytes add up above the limit. New ones cost less to collect, so they get the smaller part.
    private const int YoungPerBudget = 2;

    // If an unrequested young collection comes after fewer bytes than this, caches are not its cause. After more, the
    // next is forestalled: it is due after three quarters of those bytes. The bound rises by a sixty-fourth with every
    // young collection that is in time, so that it follows the runtime's budgets both ways.
    private const long MinimumUnaskedBytes = 2L * 1024 * 1024;
    private const int UnaskedRecovery = 64;

    private long _bytes;
    private int _collectionsSeen = collector.AllCollections;
    private long _unaskedBytes = PacedAccount.MaximumBytes;
    private long _notBefore = long.MinValue;
    private long _collections;

    /// <summary>Collections requested so far.</summary>
    public long Collections => Volatile.Read(ref _collections);

    /// <summary>Whether a writer runs a collection now.</summary>
    public bool IsCollecting { get; private set; }

    /// <summary>Counts what came into a cache.</summary>
    public void Add(long bytes) => _bytes += bytes;

    /// <summary>Finds out whether anything was collected, which restarts the count.</summary>
    /// <param name="mayBeAsked">Whether the pacer may have requested it.</param>
    /// <param name="isFull">Whether the process collected the whole heap by itself.</param>
    public void NoteCollections(bool mayBeAsked, bool isFull)
    {
        if (collector.AllCollections is var collections && collections != _collectionsSeen)
        {
            // The process decided on a collection of the whole heap itself, or it has other reasons than what came in.
            // A young one before each would only be one more.
            _unaskedBytes = !mayBeAsked && !isFull && _bytes >= MinimumUnaskedBytes ? _bytes : _unaskedBytes;
            _collectionsSeen = collections;
            _bytes = 0;
        }
    }

    /// <summary>
    /// Whether a collection is due. The caller then runs it, without the lock, and calls <see cref="End"/>. One writer
    /// collects; the others only count.
    /// </summary>
    /// <param name="budgetBytes">The budget of all caches.</param>
    public bool TryBegin(long budgetBytes)
    {
        if (IsCollecting
            || _bytes < Math.Min(budgetBytes / YoungPerBudget, _unaskedBytes / 4 * 3)
            || time.GetTimestamp() < _notBefore)
        {
            return false;
        }

        _bytes = 0;
        IsCollecting = true;
        _collections++;
        return true;
    }

    /// <summary>Notes that the collection ended.</summary>
    /// <param name="taken">How long it took.</param>
    /// <param name="maxShare">The maximum share of all time for which young collections may stop the process.</param>
    public void End(TimeSpan taken, double maxShare)
    {
        IsCollecting = false;
        _notBefore = Pacer.NotBefore(time, taken, maxShare);
        _collectionsSeen = collector.AllCollections;
        _unaskedBytes = Math.Min(PacedAccount.MaximumBytes, _unaskedBytes + (_unaskedBytes / UnaskedRecovery));
    }
}
