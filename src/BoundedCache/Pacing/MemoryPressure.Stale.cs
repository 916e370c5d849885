using System.Diagnostics;

namespace BoundedCache.Pacing;

/// <content>
/// When a collection is asked for only to see whether there is room in the heap again. All of it under the lock.
/// </content>
internal sealed partial class MemoryPressure
{
    /// <summary>
    /// The share of one processor, and of all time, that collections may take which are asked for only to see whether
    /// there is room. A background collection counts from the request to the first look after its end.
    /// </summary>
    private const double ShareOfCollecting = 0.2;

    private const double ShareOfPauses = 0.02;

    /// <summary>What is alive is known from long ago after this time, at least.</summary>
    private static readonly TimeSpan s_stale = TimeSpan.FromSeconds(5);

    /// <summary>Even then one is asked for after this time: the room would never be seen.</summary>
    private static readonly TimeSpan s_longestStale = TimeSpan.FromMinutes(5);

    /// <summary>A collection that takes longer is asked for again.</summary>
    private static readonly TimeSpan s_longestFull = TimeSpan.FromSeconds(30);

    private long _fullIndex;
    private long _fullAt;
    private long? _askedAt;
    private TimeSpan _staleAfter = s_stale;

    /// <summary>
    /// Whether what is alive in the heap is known only from long ago: what other code gave back shows in the next
    /// collection of the whole heap, which nobody may ask for.
    /// </summary>
    private bool IsStale_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_acting > 0 || _time.GetElapsedTime(_fullAt) < (_askedAt is null ? _staleAfter : s_longestFull))
        {
            return false;
        }

        _askedAt = _fullAt = _time.GetTimestamp();
        return true;
    }

    /// <summary>
    /// Finds out whether the whole heap was collected. The next collection that is asked for waits until all of them
    /// take no more than a share of the time, and stop the process for no more than a smaller share.
    /// </summary>
    private void NoteFull_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_reader.FullIndex == _fullIndex)
        {
            _fullAt = _acting > 0 ? _time.GetTimestamp() : _fullAt;
            return;
        }

        TimeSpan taken = _askedAt is long asked ? _time.GetElapsedTime(asked) : TimeSpan.Zero;
        TimeSpan rest = Longer(taken / ShareOfCollecting, _reader.FullPause / ShareOfPauses);
        _staleAfter = Longer(s_stale, rest < s_longestStale ? rest : s_longestStale);
        (_fullIndex, _fullAt, _askedAt) = (_reader.FullIndex, _time.GetTimestamp(), null);
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
