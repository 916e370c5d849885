using System.Diagnostics;
using System.Runtime.InteropServices;

namespace BoundedCache.Process;

/// <summary>
/// How long this thread has worked: processor time where the system tells, otherwise the time of day.
/// </summary>
internal static partial class ThreadWork
{
    private const int ThreadClock = 3; // CLOCK_THREAD_CPUTIME_ID of Linux

    private static volatile bool s_isOfThread = OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    /// <summary>Whether <see cref="Now"/> stands still while the thread waits.</summary>
    public static bool IsOfThread => s_isOfThread;

    /// <summary>The time at which this thread's work stands. Only differences on one thread mean something.</summary>
    public static TimeSpan Now
    {
        get
        {
            if (s_isOfThread)
            {
                try
                {
                    if (ReadClock(ThreadClock, out ClockTime time) == 0)
                    {
                        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000);
                    }
                }
                catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
                {
                }

                s_isOfThread = false;
            }

            return Stopwatch.GetElapsedTime(0);
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ReadClock(int clock, out ClockTime time);

    /// <summary><c>struct timespec</c> of a 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct ClockTime
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
