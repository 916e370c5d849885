using System.Diagnostics;
using System.Globalization;
using BoundedCache.ShrinkDemo.Workloads;

namespace BoundedCache.ShrinkDemo.Progress;

/// <summary>
/// The speed of a stage's work, and whether it is time to show it: work is reported far more
/// often than a reader can follow.
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

    /// <returns>Whether the interval has passed since this last returned true.</returns>
    public bool IsDue(WorkProgress progress)
    {
        // The cheapest clock: this runs once per request.
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
