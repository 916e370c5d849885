using System.Runtime.InteropServices;

namespace BoundedCache.Process;

/// <summary>
/// The memory of this process: the figures of the operating system and of the garbage collector, and the calls that
/// reduce it. Thread-safe.
/// </summary>
internal sealed class ProcessMemory(
    IProcessFiles files,
    IGarbageCollector collector,
    INativeAllocator? allocator = null,
    Func<long>? readWorkingSet = null)
{
    private const string StatusPath = "/proc/self/status";

    // The memory lines are in the first kilobyte of the status file, unless the process is in hundreds of groups.
    private const int UsualStatusBytes = 4 * 1024;
    private const int LongestStatusBytes = 1024 * 1024;

    private static readonly GlibcAllocator s_allocator = new();

    /// <summary>The real process.</summary>
    public static ProcessMemory Shared { get; } = new(new ProcessFiles(), new RuntimeCollector(), s_allocator);

    /// <summary>
    /// Memory that this process's heap may use, in bytes: the machine's memory, or less where a container or a heap
    /// limit sets less (by default 75 % of a container's limit). Known before the first collection.
    /// </summary>
    public static long AvailableBytes => GC.GetGCMemoryInfo(GCKind.Any).TotalAvailableMemoryBytes;

    /// <summary>The collector that the figures come from.</summary>
    public IGarbageCollector Collector => collector;

    /// <summary>The files that the figures come from.</summary>
    public IProcessFiles Files => files;

    /// <summary>The allocator of native memory.</summary>
    public INativeAllocator Allocator => allocator ?? s_allocator;

    /// <summary>
    /// Reads the process's memory now. Does not throw when a source is missing:
    /// <see cref="ProcessMemorySnapshot.Source"/> says what is missing.
    /// </summary>
    public ProcessMemorySnapshot TakeSnapshot()
    {
        GCReading gc = collector.ReadLast();
        ResidentReading resident = ReadStatus() ?? ReadPlatform();
        return new ProcessMemorySnapshot
        {
            ResidentBytes = resident.ResidentBytes,
            AnonymousBytes = resident.AnonymousBytes,
            FileBytes = resident.FileBytes,
            PeakResidentBytes = resident.PeakResidentBytes,
            CommittedBytes = gc.CommittedBytes,
            LiveBytes = gc.LiveBytes,
            AllocatedBytes = collector.AllocatedBytes,
            FragmentedBytes = gc.FragmentedBytes,
            IsResidentUnknown = resident.ResidentBytes <= 0,
            Source = resident.Source,
        };
    }

    /// <summary>The number of threads; null where the platform does not tell.</summary>
    public long? ReadThreads()
    {
        Span<byte> buffer = stackalloc byte[UsualStatusBytes];
        int length = files.Read(StatusPath, buffer);
        return length <= 0 ? null : new StatusFile(buffer[..length]).FindCount("Threads:"u8);
    }

    private ResidentReading? ReadStatus()
    {
        Span<byte> buffer = stackalloc byte[UsualStatusBytes];
        int length = files.Read(StatusPath, buffer);
        ResidentReading? reading = length <= 0 ? null : ResidentReading.Parse(buffer[..length], StatusPath);
        if (length < buffer.Length || reading is { IsComplete: true })
        {
            return reading;
        }

        byte[] large = new byte[LongestStatusBytes];
        length = files.Read(StatusPath, large);
        return length <= 0 ? reading : ResidentReading.Parse(large.AsSpan(0, length), StatusPath);
    }

    private ResidentReading ReadPlatform()
    {
        long resident = readWorkingSet?.Invoke() ?? Environment.WorkingSet;
        if (resident <= 0)
        {
            return new ResidentReading
            {
                ResidentBytes = 0,
                Source = $"nothing: neither {StatusPath} nor Environment.WorkingSet can be read here",
            };
        }

        long? peak = null;
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.GetCurrentProcess();
            peak = process.PeakWorkingSet64;
        }

        return new ResidentReading
        {
            ResidentBytes = resident,
            PeakResidentBytes = peak,
            Source = peak is null
                ? "Environment.WorkingSet, which tells no anonymous, file or peak bytes"
                : "Environment.WorkingSet, which tells no anonymous or file bytes",
        };
    }
}
