namespace BoundedCache.Engine;

/// <summary>
/// Sums of clock ticks that stop at the ends of time, so that an expiration far in the future is
/// never and not in the past.
/// </summary>
internal static class Ticks
{
    public static long Add(long ticks, long more) => more > long.MaxValue - ticks ? long.MaxValue : ticks + more;
}
