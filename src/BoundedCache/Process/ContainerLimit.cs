using System.Buffers.Text;
using System.Text;

namespace BoundedCache.Process;

/// <summary>
/// The memory limit of this process's control group, which is a container's limit on Linux. Reads control groups of
/// version 1 and 2 at their usual mount points.
/// </summary>
internal static class ContainerLimit
{
    private const string GroupsPath = "/proc/self/cgroup";
    private const int LongestFileBytes = 4 * 1024;

    /// <summary>Version 1 writes "no limit" as the largest number of whole pages.</summary>
    private const long Unlimited = 1L << 62;

    /// <summary>The smallest limit on the way from this process's group to the root.</summary>
    /// <returns>Bytes; null where there is no limit, or no such files.</returns>
    public static long? Read(IProcessFiles files)
    {
        Span<byte> buffer = stackalloc byte[LongestFileBytes];
        int length = files.Read(GroupsPath, buffer);
        if (length <= 0)
        {
            return null;
        }

        long? least = null;
        foreach (string line in Encoding.UTF8.GetString(buffer[..length]).Split('\n'))
        {
            // number:controllers:path, and in version 2 no controllers.
            if (line.Split(':', 3) is not [_, var controllers, ['/', ..] path])
            {
                continue;
            }

            if (controllers.Length == 0)
            {
                least = Least(least, ReadUpwards(files, "/sys/fs/cgroup", path, "memory.max"));
            }
            else if (controllers.Split(',').Contains("memory"))
            {
                least = Least(least, ReadUpwards(files, "/sys/fs/cgroup/memory", path, "memory.limit_in_bytes"));
            }
        }

        return least;
    }

    /// <remarks>
    /// Inside a container the path may be the host's, while the mount begins at the group itself. So missing files on
    /// the way to the root are skipped.
    /// </remarks>
    private static long? ReadUpwards(IProcessFiles files, string mount, string path, string file)
    {
        long? least = null;
        for (string group = path.TrimEnd('/'); ; group = group[..group.LastIndexOf('/')])
        {
            least = Least(least, ReadAmount(files, $"{mount}{group}/{file}"));
            if (group.Length == 0)
            {
                return least;
            }
        }
    }

    /// <returns>Null for a file that is missing or that says "max".</returns>
    private static long? ReadAmount(IProcessFiles files, string path)
    {
        Span<byte> buffer = stackalloc byte[32];
        int length = files.Read(path, buffer);
        return length > 0
            && Utf8Parser.TryParse(buffer[..length], out long bytes, out _)
            && bytes is > 0 and < Unlimited ? bytes : null;
    }

    private static long? Least(long? first, long? second) => first is null || second < first ? second : first;
}
