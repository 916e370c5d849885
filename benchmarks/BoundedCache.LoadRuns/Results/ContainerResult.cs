using BoundedCache.Harness;
using BoundedCache.LoadRuns.Load;

namespace BoundedCache.LoadRuns.Results;

/// <summary>Services in memory groups, each with its cache full and new entries coming all the while.</summary>
internal sealed record ContainerResult
{
    public required RunStamp Stamp { get; init; }

    public required int InsertsPerSecond { get; init; }

    /// <summary>The largest of the new entries; null for the usual size.</summary>
    public int? MostBytes { get; init; }

    public required int RequestsPerSecond { get; init; }

    /// <summary>Processes beside the services that each kept a processor busy.</summary>
    public int BusyProcesses { get; init; }

    public required IReadOnlyList<ContainerCase> Cases { get; init; }
}

/// <summary>One service in one group; bytes and milliseconds.</summary>
internal sealed record ContainerCase
{
    public required string Title { get; init; }

    public required string Cache { get; init; }

    public required long GroupBytes { get; init; }

    public required long MaxBytes { get; init; }

    /// <summary>How the service ended before its time; null where it lived.</summary>
    public required string? Death { get; init; }

    /// <summary>
    /// What the service answered when it could not fill its cache, alive as it was; null where it could.
    /// </summary>
    public required string? FillFailure { get; init; }

    /// <summary>How long it was watched with new entries coming, in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>The most that was resident.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>The most that the group had, page cache included; null where the kernel does not tell.</summary>
    public required long? GroupPeakBytes { get; init; }

    /// <summary>Share of wall time in collectors' pauses, from 0 to 1; null for a service that died.</summary>
    public required double? PauseShare { get; init; }

    /// <summary>Processors that the service kept busy, from 0; null for a service that died.</summary>
    public required double? Processors { get; init; }

    /// <summary>New entries a second that it took; null for a service that died.</summary>
    public required double? InsertsPerSecond { get; init; }

    public required Latencies Latencies { get; init; }

    public required LoadTotals Load { get; init; }

    /// <summary>Warnings that the service logged.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>What its memory report advised; empty for a service that died.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>What it said last, where it died.</summary>
    public required IReadOnlyList<string> LastLines { get; init; }

    public required IReadOnlyList<double[]> Resident { get; init; }

    public required IReadOnlyList<SecondResult> SecondsOfLoad { get; init; }
}
