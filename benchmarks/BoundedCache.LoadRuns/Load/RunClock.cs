using System.Diagnostics;

namespace BoundedCache.LoadRuns.Load;

/// <summary>Time since a run began: what samples, requests and phases are placed by.</summary>
internal sealed class RunClock
{
    private readonly long _started = Stopwatch.GetTimestamp();

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);
}
