using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace BoundedCache.Release;

/// <summary>
/// Spreads the eviction over time: after each millisecond of work the thread sleeps for eight. Work without a break
/// takes a whole processor, and requests wait for the others.
/// </summary>
internal sealed class DutyCycle
{
    private static readonly TimeSpan s_work = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_sleep = TimeSpan.FromMilliseconds(8);

    private long _since = Stopwatch.GetTimestamp();

    /// <summary>Call it between pieces of work that each take well below a millisecond.</summary>
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
