using System.Diagnostics;
using System.Globalization;

namespace BoundedCache.Figures;

/// <summary>
/// The part of its processors' time that a hypervisor took from this machine while something was measured, as Linux
/// counts it. It stops any thread at any place, also one that holds a lock, for milliseconds; no account of a thread's
/// own shows it. Elsewhere nothing is known, and nothing is said.
/// </summary>
internal sealed class StolenTime
{
    private const string Path = "/proc/stat";
    private const int TicksPerSecond = 100;
    private const int Column = 8;

    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly long? _before = ReadTicks();

    /// <returns>", … % of the processors' time stolen", or nothing.</returns>
    public override string ToString()
    {
        double available =
            Stopwatch.GetElapsedTime(_startedAt).TotalSeconds * Environment.ProcessorCount * TicksPerSecond;
        return _before is { } before && ReadTicks() is { } now
            ? string.Create(
                CultureInfo.InvariantCulture,
                $", {(now - before) / available * 100:N1} % of the processors' time stolen")
            : "";
    }

    /// <summary>
    /// The steal column of the line that sums up all processors: user, nice, system, idle, iowait, irq, softirq, steal.
    /// </summary>
    private static long? ReadTicks() =>
        File.Exists(Path)
        && File.ReadLines(Path).First()
            .Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > Column } columns
        && long.TryParse(columns[Column], CultureInfo.InvariantCulture, out long ticks)
            ? ticks
            : null;
}
