using System.Diagnostics;

namespace BoundedCache.Tests;

/// <summary>
/// Waits for what the collector, or a thread of the pool that has just finished with an object, will bring about.
/// </summary>
internal static class Eventually
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether all the objects are collected, in bounded time: the pool may still hold what it has just run.
    /// </summary>
    public static bool Dead(params WeakReference[] references) =>
        True(() => !Array.Exists(references, static reference => reference.IsAlive));

    /// <summary>Whether a condition comes true as garbage is collected.</summary>
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
