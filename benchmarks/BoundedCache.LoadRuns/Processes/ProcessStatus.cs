using System.Globalization;

namespace BoundedCache.LoadRuns.Processes;

/// <summary>Memory of any process as the kernel counts it, in bytes.</summary>
/// <param name="ResidentBytes">What is resident now: VmRSS.</param>
/// <param name="PeakBytes">The most that ever was: VmHWM.</param>
internal readonly record struct ProcessStatus(long ResidentBytes, long PeakBytes)
{
    /// <summary>Reads <c>/proc/PID/status</c>.</summary>
    /// <returns>Null where there is no such process, or no longer.</returns>
    public static ProcessStatus? Read(int processId)
    {
        try
        {
            return Parse(File.ReadLines($"/proc/{processId}/status"));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <returns>Null where the lines lack the amounts, as they do once a process has died.</returns>
    public static ProcessStatus? Parse(IEnumerable<string> lines)
    {
        long? resident = null;
        long? peak = null;
        foreach (string line in lines)
        {
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
            {
                peak = Amount(line);
            }
            else if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
            {
                resident = Amount(line);
                break;
            }
        }

        return resident is long now && peak is long most ? new ProcessStatus(now, most) : null;
    }

    /// <remarks>The kernel writes kB and means KiB.</remarks>
    private static long? Amount(string line) =>
        line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries) is [_, var number, "kB"]
        && long.TryParse(number, CultureInfo.InvariantCulture, out long kibibytes)
            ? kibibytes * 1024
            : null;
}
