using System.Diagnostics;

namespace BoundedCache.Tests;

/// <summary>
/// Waits for an effect of the collector, or of a pool thread that has just finished with an object.
/// </summary>
internal static class Eventually
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether all objects are collected within a bounded time: the pool may still hold what it has just run.
    /// </summary>
    public static bool Dead(params WeakReference[] references) =>
        True(() => !Array.Exists(references, static reference => reference.IsAlive));

    /// <summary>Whether a condition becomes true while garbage is collected.</summary>
    public static bool True(Func<bool> condition)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            if (condition())
            {
                return true;
            }

            if (Stopwatch.GetElapsedTime(started) > s_limit)
            {
                return false;
            }

            Thread.Yield();
        }
    }
}
