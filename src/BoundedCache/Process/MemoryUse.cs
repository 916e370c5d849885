using System.Buffers.Text;

namespace BoundedCache.Process;

/// <summary>A limit on memory, and what is used of it, in bytes.</summary>
/// <param name="Kind">What the limit is.</param>
/// <param name="LimitBytes">The limit.</param>
/// <param name="UsedBytes">What is used of it, as the one that enforces it counts.</param>
internal readonly record struct MemoryUse(MemoryPressureKind Kind, long LimitBytes, long UsedBytes)
{
    /// <summary>What is left; negative where more is used.</summary>
    public long RoomBytes => LimitBytes - UsedBytes;

    /// <summary>
    /// Whether less may be used: which file pages the kernel may drop at once could not be read, and all count.
    /// </summary>
    public bool IsAtMost { get; init; }

    /// <summary>Whether it is a limit of the managed heap.</summary>
    public bool IsOfHeap => Kind is not (MemoryPressureKind.Container or MemoryPressureKind.Machine);
}

/// <summary>
/// Reads the limits of this process's control groups, each against what the same group uses. File pages that the kernel
/// may drop at once (inactive ones) do not count as used. Reads the files anew each time: limits change in place.
/// </summary>
internal static class ContainerMemory
{
    private const int LongestStatBytes = 8 * 1024;
    private const string MachinePath = "/proc/meminfo";

    /// <summary>Adds one reading for each limit of a group on the way to the root.</summary>
    /// <param name="files">The files.</param>
    /// <param name="groups">The groups, as <see cref="ControlGroup.FindAll"/> finds them.</param>
    /// <param name="into">What is added to.</param>
    /// <remarks>
    /// Version 2 counts swap apart from memory, so its limits are of memory alone; <c>memory.high</c> counts as a
    /// limit, since the kernel slows a process down above it. Version 1 has a second limit, of memory and swap
    /// together.
    /// </remarks>
    public static void Read(IProcessFiles files, List<ControlGroup> groups, List<MemoryUse> into)
    {
        foreach (ControlGroup group in groups)
        {
            if (group.IsVersionTwo)
            {
                long? limit = ControlGroup.Least(
                    group.ReadAmount(files, "memory.max"), group.ReadAmount(files, "memory.high"));
                Add(files, group, limit, "memory.current", into);
            }
            else
            {
                Add(files, group, group.ReadAmount(files, "memory.limit_in_bytes"), "memory.usage_in_bytes", into);
                Add(
                    files,
                    group,
                    group.ReadAmount(files, "memory.memsw.limit_in_bytes"),
                    "memory.memsw.usage_in_bytes",
                    into);
            }
        }
    }

    /// <summary>The machine's memory, less what the kernel says is available without swapping.</summary>
    /// <returns>Null where it is not known.</returns>
    public static MemoryUse? ReadMachine(IProcessFiles files)
    {
        Span<byte> buffer = stackalloc byte[1024];
        int length = files.Read(MachinePath, buffer);
        var text = new StatusFile(buffer[..Math.Max(0, length)]);
        return text.Find("MemTotal:"u8) is long total && text.Find("MemAvailable:"u8) is long available
            ? new MemoryUse(MemoryPressureKind.Machine, total, total - available)
            : null;
    }

    private static void Add(
        IProcessFiles files, ControlGroup group, long? limit, string usageFile, List<MemoryUse> into)
    {
        if (limit is long bytes && group.Read(files, usageFile) is long used)
        {
            long? inactive = ReadInactiveFile(files, group);
            into.Add(new MemoryUse(MemoryPressureKind.Container, bytes, Math.Max(0, used - (inactive ?? 0)))
            {
                IsAtMost = inactive is null,
            });
        }
    }

    /// <returns>Null where the file is missing or cannot be read.</returns>
    private static long? ReadInactiveFile(IProcessFiles files, ControlGroup group)
    {
        Span<byte> buffer = stackalloc byte[LongestStatBytes];
        ReadOnlySpan<byte> name = group.IsVersionTwo ? "inactive_file "u8 : "total_inactive_file "u8;
        int length = files.Read($"{group.Directory}/memory.stat", buffer);
        if (length < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> rest = buffer[..length];
        while (rest.IndexOf((byte)'\n') is >= 0 and var end)
        {
            ReadOnlySpan<byte> line = rest[..end];
            if (line.StartsWith(name))
            {
                return Utf8Parser.TryParse(line[name.Length..], out long bytes, out _) && bytes > 0 ? bytes : 0;
            }

            rest = rest[(end + 1)..];
        }

        return 0;
    }
}
