using System.Buffers.Text;
using System.Text;

namespace BoundedCache.Process;

/// <summary>
/// The memory limit of this process's control group, which is a container's limit on Linux. Reads control groups of
/// version 1 and 2 at their usual mount points.
/// </summary>
internal static class ContainerLimit
{
    /// <summary>The smallest limit on the way from this process's group to the root.</summary>
    /// <returns>Bytes; null where there is no limit, or no such files.</returns>
    public static long? Read(IProcessFiles files) => ReadLeast(files, "memory.max", "memory.limit_in_bytes");

    /// <summary>
    /// The smallest <c>memory.high</c> on the way: above it the kernel takes memory back and holds processes up.
    /// </summary>
    /// <returns>Bytes; null where there is none.</returns>
    public static long? ReadHigh(IProcessFiles files) => ReadLeast(files, "memory.high", ofVersionOne: null);

    private static long? ReadLeast(IProcessFiles files, string ofVersionTwo, string? ofVersionOne)
    {
        long? least = null;
        foreach (ControlGroup group in ControlGroup.FindAll(files))
        {
            if ((group.IsVersionTwo ? ofVersionTwo : ofVersionOne) is string file)
            {
                least = ControlGroup.Least(least, group.ReadAmount(files, file));
            }
        }

        return least;
    }
}

/// <summary>A control group that counts the memory of this process.</summary>
/// <param name="Directory">Where its files are; they may be missing.</param>
/// <param name="IsVersionTwo">Whether it is of version 2 of control groups, otherwise of version 1.</param>
internal readonly record struct ControlGroup(string Directory, bool IsVersionTwo)
{
    private const string GroupsPath = "/proc/self/cgroup";
    private const int LongestFileBytes = 4 * 1024;

    /// <summary>Version 1 writes "no limit" as the largest number of whole pages.</summary>
    private const long Unlimited = 1L << 62;

    /// <summary>The groups on the way from this process's group to the root.</summary>
    /// <remarks>
    /// Inside a container the path may be the host's, while the mount begins at the group itself. So files may be
    /// missing on the way to the root.
    /// </remarks>
    public static List<ControlGroup> FindAll(IProcessFiles files)
    {
        List<ControlGroup> groups = [];
        Span<byte> buffer = stackalloc byte[LongestFileBytes];
        int length = files.Read(GroupsPath, buffer);
        foreach (string line in length <= 0 ? [] : Encoding.UTF8.GetString(buffer[..length]).Split('\n'))
        {
            // number:controllers:path, and in version 2 no controllers.
            if (line.Split(':', 3) is not [_, var controllers, ['/', ..] path])
            {
                continue;
            }

            bool isVersionTwo = controllers.Length == 0;
            if (isVersionTwo || controllers.Split(',').Contains("memory"))
            {
                AddUpwards(groups, isVersionTwo ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory", path, isVersionTwo);
            }
        }

        return groups;
    }

    /// <summary>Reads a file that holds one number of bytes.</summary>
    /// <returns>Null for a file that is missing or that says "max".</returns>
    public long? ReadAmount(IProcessFiles files, string file) => Read(files, file) is > 0 and var bytes ? bytes : null;

    /// <summary>Reads a file that holds one number of bytes, which may be 0.</summary>
    /// <returns>Null for a file that is missing or that says "max".</returns>
    public long? Read(IProcessFiles files, string file)
    {
        Span<byte> buffer = stackalloc byte[32];
        int length = files.Read($"{Directory}/{file}", buffer);
        return length > 0
            && Utf8Parser.TryParse(buffer[..length], out long bytes, out _)
            && bytes is >= 0 and < Unlimited ? bytes : null;
    }

    /// <summary>The smaller of two amounts of which each may be missing.</summary>
    public static long? Least(long? first, long? second) => first is null || second < first ? second : first;

    private static void AddUpwards(List<ControlGroup> groups, string mount, string path, bool isVersionTwo)
    {
        for (string group = path.TrimEnd('/'); ; group = group[..group.LastIndexOf('/')])
        {
            groups.Add(new ControlGroup(mount + group, isVersionTwo));
            if (group.Length == 0)
            {
                return;
            }
        }
    }
}
