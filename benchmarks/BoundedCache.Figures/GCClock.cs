using System.Diagnostics;

namespace BoundedCache.Figures;

/// <summary>Times single operations, leaving out those that a garbage collection interrupted.</summary>
internal struct GCClock
{
    private int _collections;
    private long _started;

    public void Start()
    {
        _collections = GC.CollectionCount(0);
        _started = Stopwatch.GetTimestamp();
    }

    /// <returns>Stopwatch ticks; or 0 where a collection came between, since what it took is not the operation's.</returns>
    public readonly long Stop()
    {
        long elapsed = Stopwatch.GetTimestamp() - _started;
        return GC.CollectionCount(0) == _collections ? elapsed : 0;
    }

    public static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;
}
