using System.Runtime.InteropServices;

namespace BoundedCache.LoadRuns.Load;

/// <summary>
/// Waits of well under a millisecond: <c>Thread.Sleep</c> takes whole ones, and requests are due oftener.
/// </summary>
internal static partial class Pause
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Lets go of the processor for about so long; some 60 µs more on Linux.</summary>
    public static void For(TimeSpan time)
    {
        if (OperatingSystem.IsLinux() && time > TimeSpan.Zero)
        {
            long nanoseconds = (long)time.TotalNanoseconds;
            var request = new TimeSpec
            {
                Seconds = (nint)(nanoseconds / NanosecondsPerSecond),
                Nanoseconds = (nint)(nanoseconds % NanosecondsPerSecond),
            };

            // A signal may end it early, and the caller looks at the clock in any case.
            _ = NanoSleep(in request, 0);
        }
        else
        {
            Thread.Sleep(time > TimeSpan.Zero ? 1 : 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NanoSleep(in TimeSpec request, nint remaining);

    private readonly struct TimeSpec
    {
        public nint Seconds { get; init; }

        public nint Nanoseconds { get; init; }
    }
}
