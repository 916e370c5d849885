using System.Diagnostics;

namespace BoundedCache.Figures;

/// <summary>
/// A thread that does nothing but look at the clock, and knows the longest time for which it could not.
/// </summary>
internal sealed class BusyThread
{
    private readonly Thread _thread;
    private volatile bool _over;
    private long _longest;

    public BusyThread()
    {
        _thread = new Thread(Watch) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>Ends the watch.</summary>
    /// <returns>The longest stall, in milliseconds, whoever caused it.</returns>
    public double Stop()
    {
        _over = true;
        _thread.Join();
        return _longest * 1e3 / Stopwatch.Frequency;
    }

    private void Watch()
    {
        long last = Stopwatch.GetTimestamp();
        while (!_over)
        {
            long now = Stopwatch.GetTimestamp();
            _longest = Math.Max(_longest, now - last);
            last = now;
        }
    }
}
