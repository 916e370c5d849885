using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace BoundedCache.Release;

/// <summary>
/// Spreads bulk work over time: after each millisecond of it the thread sleeps for eight. Work that goes on without a
/// break takes a whole processor, and requests wait for the others. Used by one thread.
/// </summary>
internal sealed class DutyCycle
{
    private static readonly TimeSpan s_work = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_sleep = TimeSpan.FromMilliseconds(8);

    private long _since = Stopwatch.GetTimestamp();

    /// <summary>To be called between pieces of the work, each well below a millisecond.</summary>
    [SuppressMessage(
        "ApiDesign", "RS0030", Justification = "It waits for nothing: the thread leaves its processor to others.")]
    public void Rest()
    {
        if (Stopwatch.GetElapsedTime(_since) >= s_work)
        {
            Thread.Sleep(s_sleep);
            _since = Stopwatch.GetTimestamp();
        }
    }
}
