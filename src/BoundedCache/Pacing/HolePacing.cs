using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <summary>
/// When the whole heap is compacted instead of collected in the background: when much of what it holds committed has no
/// objects in it. Guarded by the pacer's lock.
/// </summary>
/// <remarks>
/// Background collections never close holes, and keep regions that became empty. Where entries die in another order
/// than they came, or are as large as regions, that adds up beside the dead bytes. Only an aggressive collection closes
/// holes and decommits empty regions before it ends. It stops the process for as long as moving the survivors takes, so
/// it has a share of time of its own, and none runs where much is alive.
/// </remarks>
internal sealed class HolePacing(TimeProvider time)
{
    /// <summary>The maximum share of all time for which these collections may stop the process.</summary>
    public const double MaxShareOfTime = 0.02;

    /// <summary>Live bytes up to which compacting stops the process only briefly.</summary>
    public const long CompactMaxLiveBytes = 1024L * 1024 * 1024;

    private long _liveBytes;
    private long _keptBytes;
    private long _notBefore = long.MinValue;
    private long _collections;

    /// <summary>Collections requested so far.</summary>
    public long Collections => Volatile.Read(ref _collections);

    /// <summary>Whether the last collection that began is of this kind.</summary>
    public bool IsCollecting { get; private set; }

    /// <summary>
    /// Committed bytes without objects, as the last collection of the whole heap left them. Room for as many new
    /// objects as there were the last time does not count, and neither does what the last compaction could not give
    /// back (pins hold it).
    /// </summary>
    public long IdleBytes { get; private set; }

    /// <summary>Notes what a collection of the whole heap left.</summary>
    /// <param name="full">That collection.</param>
    /// <param name="young">The last collection of the young generations.</param>
    public void Note(in GCReading full, in GCReading young)
    {
        long room = Math.Max(full.YoungBytes, young.YoungBytes);
        long idle = Math.Max(0, full.CommittedBytes - full.LiveBytes - room);
        _keptBytes = IsCollecting && full.Compacted ? idle : Math.Min(_keptBytes, idle);
        _liveBytes = full.LiveBytes;
        IdleBytes = idle - _keptBytes;
    }

    /// <summary>Whether the collection that is about to begin should compact.</summary>
    /// <param name="allowedBytes">Committed bytes without objects that are usual.</param>
    public bool TryBegin(long allowedBytes)
    {
        IsCollecting = IdleBytes > allowedBytes
            && _liveBytes <= CompactMaxLiveBytes
            && time.GetTimestamp() >= _notBefore;
        _collections += IsCollecting ? 1 : 0;
        return IsCollecting;
    }

    /// <summary>Notes that the collection that was to begin did not run.</summary>
    public void GiveUp() => IsCollecting = false;

    /// <summary>Notes that a collection of the whole heap ended.</summary>
    /// <param name="taken">How long it took.</param>
    public void End(TimeSpan taken)
    {
        _notBefore = IsCollecting ? Pacer.NotBefore(time, taken, MaxShareOfTime) : _notBefore;
        IsCollecting = false;
    }
}
