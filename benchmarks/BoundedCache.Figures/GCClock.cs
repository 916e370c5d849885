using System.Diagnostics;

namespace BoundedCache.Figures;

/// <summary>Times single operations, leaving out those that a garbage collector's pause interrupted.</summary>
internal struct GCClock
{
    /// <summary>
    /// Only what takes so long is asked whether a pause was part of it: no pause is shorter, and asking
    /// takes longer than a read.
    /// </summary>
    private static readonly long s_suspicious = Stopwatch.Frequency / 50_000;

    private int _collections;
    private TimeSpan _pauses;
    private long _started;

    public void Start()
    {
        _collections = GC.CollectionCount(0);
        _started = Stopwatch.GetTimestamp();
    }

    /// <returns>
    /// Stopwatch ticks; or 0 where a collection came between, since what it took is not the operation's.
    /// </returns>
    public long Stop()
    {
        long elapsed = Stopwatch.GetTimestamp() - _started;
        if (elapsed < s_suspicious)
        {
            return elapsed;
        }

        // Collections in the background also pause a second time, without being counted a second time.
        TimeSpan pauses = GC.GetTotalPauseDuration();
        bool interrupted = GC.CollectionCount(0) != _collections || pauses != _pauses;
        _pauses = pauses;
        return interrupted ? 0 : elapsed;
    }

    public static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;
}
