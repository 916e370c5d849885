using System.Globalization;

namespace BoundedCache.LoadRuns.Processes;

/// <summary>A control group with a limit on memory, as a container has one; removed when it is disposed.</summary>
internal sealed class MemoryGroup : IAsyncDisposable
{
    private const string DefaultRoot = "/sys/fs/cgroup";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly string _directory;
    private readonly string _peakFile;

    private MemoryGroup(string directory, string peakFile)
    {
        _directory = directory;
        _peakFile = peakFile;
    }

    /// <summary>The file to which a process writes its number to be in the group.</summary>
    public string ProcessesFile => Path.Combine(_directory, "cgroup.procs");

    /// <summary>
    /// The most memory that the group ever had, page cache included, in bytes; null where the kernel does not tell.
    /// </summary>
    public long? PeakBytes =>
        File.Exists(_peakFile)
        && long.TryParse(File.ReadAllText(_peakFile), CultureInfo.InvariantCulture, out long bytes) ? bytes : null;

    /// <summary>Why groups cannot be made here; null where they can.</summary>
    public static string? WhyNot(string root = DefaultRoot)
    {
        try
        {
            return Create(64L << 20, root).TryRemove() ? null : "a group that was just made cannot be removed";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return failure.Message;
        }
    }

    /// <summary>Makes a group of either version of control groups.</summary>
    /// <exception cref="NotSupportedException">There is no memory controller where one is looked for.</exception>
    /// <exception cref="UnauthorizedAccessException">Only others may.</exception>
    public static MemoryGroup Create(long limitBytes, string root = DefaultRoot)
    {
        string name = $"boundedcache-load-{Environment.ProcessId}-{Guid.NewGuid():N}";
        string limit = limitBytes.ToString(CultureInfo.InvariantCulture);
        string versionOne = Path.Combine(root, "memory");
        if (File.Exists(Path.Combine(versionOne, "memory.limit_in_bytes")))
        {
            return Make(Path.Combine(versionOne, name), "memory.limit_in_bytes", limit, "memory.max_usage_in_bytes");
        }

        string controllers = Path.Combine(root, "cgroup.subtree_control");
        return File.Exists(controllers) && File.ReadAllText(controllers).Split((char[])[' ', '\n']).Contains("memory")
            ? Make(Path.Combine(root, name), "memory.max", limit, "memory.peak")
            : throw new NotSupportedException($"no memory controller of control groups is mounted at {root}");
    }

    public async ValueTask DisposeAsync()
    {
        // The group is empty once the kernel has buried its last process.
        for (int tries = (int)(s_patience / TimeSpan.FromMilliseconds(50)); !TryRemove() && tries > 0; tries--)
        {
            await Task.Delay(50);
        }
    }

    private static MemoryGroup Make(string directory, string limitFile, string limit, string peakFile)
    {
        Directory.CreateDirectory(directory);
        try
        {
            File.WriteAllText(Path.Combine(directory, limitFile), limit);
            return new MemoryGroup(directory, Path.Combine(directory, peakFile));
        }
        catch
        {
            Directory.Delete(directory);
            throw;
        }
    }

    private bool TryRemove()
    {
        try
        {
            Directory.Delete(_directory);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
