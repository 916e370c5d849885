using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;

namespace BoundedCache.ShrinkDemo.Results;

/// <summary>The environment of the run.</summary>
internal sealed record EnvironmentResult
{
    public required string Runtime { get; init; }

    public required string OperatingSystem { get; init; }

    public required string Architecture { get; init; }

    public required int Processors { get; init; }

    /// <summary>Memory that the garbage collector may use: the machine's, or the container's share.</summary>
    public required long AvailableBytes { get; init; }

    public required bool ServerGc { get; init; }

    /// <summary>Where the operating system's figures come from.</summary>
    public required string MemorySource { get; init; }

    public static EnvironmentResult Current() => new()
    {
        Runtime = RuntimeInformation.FrameworkDescription,
        OperatingSystem = RuntimeInformation.OSDescription,
        Architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(),
        Processors = Environment.ProcessorCount,
        AvailableBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        ServerGc = GCSettings.IsServerGC,
        MemorySource = ProcessMemorySnapshot.Take().Source,
    };

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Runtime}, {(ServerGc ? "server" : "workstation")} GC, {Processors} cores, "
            + $"{ByteSize.Format(AvailableBytes)}, {OperatingSystem} {Architecture}");
}
