using System.Diagnostics;
using System.Globalization;
using BoundedCache.ShrinkDemo.Workloads;

namespace BoundedCache.ShrinkDemo.Progress;

/// <summary>
/// How fast a stage's work goes, and whether it is time to show it: work is reported far more
/// often than eyes can follow.
/// </summary>
internal sealed class WorkRate(TimeSpan interval)
{
    private readonly long _intervalMilliseconds = (long)interval.TotalMilliseconds;
    private long _started = Stopwatch.GetTimestamp();
    private long _nextShow;

    public double PerSecond { get; private set; }

    /// <summary>A new stage begins.</summary>
    public void Restart()
    {
        _started = Stopwatch.GetTimestamp();
        _nextShow = Environment.TickCount64 + _intervalMilliseconds;
        PerSecond = 0;
    }

    /// <returns>Whether the interval has passed since the last time that this was true.</returns>
    public bool IsDue(WorkProgress progress)
    {
        // The cheapest clock there is: this runs once per request.
        long now = Environment.TickCount64;
        if (now < _nextShow)
        {
            return false;
        }

        _nextShow = now + _intervalMilliseconds;
        PerSecond = progress.Done / Math.Max(0.001, Stopwatch.GetElapsedTime(_started).TotalSeconds);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{PerSecond:N0}/s");
}
