using System.Runtime.CompilerServices;

namespace BoundedCache.Diagnostics;

/// <summary>
/// The decision which of many like events is logged: of each type the first at once, then one per interval, with the
/// number of those in between. What fails for one entry fails for millions.
/// </summary>
/// <remarks>Types are held weakly, so that those of an assembly that can be unloaded can be.</remarks>
internal sealed class LogThrottle(TimeProvider time)
{
    /// <summary>The least time between two lines on the same type.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ConditionalWeakTable<Type, Window> _windows = [];
    private readonly long _intervalTicks = (long)(Interval.TotalSeconds * time.TimestampFrequency);

    /// <summary>Whether to log an event now.</summary>
    /// <param name="type">What tells events of this kind apart.</param>
    /// <param name="unlogged">How many events of the type were not logged since the last that was.</param>
    public bool TryPass(Type type, out long unlogged)
    {
        Window window = _windows.GetOrAdd(type, static _ => new Window());
        long now = time.GetTimestamp();
        lock (window)
        {
            if (window.WasLogged && now - window.LoggedAt < _intervalTicks)
            {
                window.Unlogged++;
                unlogged = 0;
                return false;
            }

            unlogged = window.Unlogged;
            (window.WasLogged, window.LoggedAt, window.Unlogged) = (true, now, 0);
            return true;
        }
    }

    /// <summary>When an event of a type was last logged, and how many were not since.</summary>
    private sealed class Window
    {
        public bool WasLogged;
        public long LoggedAt;
        public long Unlogged;
    }
}
