using BoundedCache.Harness;
using BoundedCache.LoadRuns.Load;

namespace BoundedCache.LoadRuns.Results;

/// <summary>Services in memory groups whose other code took memory and gave it back.</summary>
internal sealed record PressureResult
{
    public required RunStamp Stamp { get; init; }

    public required int InsertsPerSecond { get; init; }

    public required int RequestsPerSecond { get; init; }

    public required int Steps { get; init; }

    public required int NativeStepBytes { get; init; }

    public required int ManagedStepBytes { get; init; }

    public required IReadOnlyList<PressureCase> Cases { get; init; }
}

/// <summary>One service in one group; bytes and milliseconds.</summary>
internal sealed record PressureCase
{
    public required string Title { get; init; }

    public required long GroupBytes { get; init; }

    public required long MaxBytes { get; init; }

    /// <summary>How the service ended before its time; null where it lived.</summary>
    public required string? Death { get; init; }

    /// <summary>How many steps it lived through, where it died.</summary>
    public required double? DiedAfterSteps { get; init; }

    /// <summary>The lowest limit that held.</summary>
    public required long LeastLimitBytes { get; init; }

    /// <summary>How often the limit that holds changed, as far as was looked.</summary>
    public required int LimitChanges { get; init; }

    /// <summary>From when all was given back until the whole limit held; null where it did not.</summary>
    public required double? SecondsUntilBack { get; init; }

    public required long PeakBytes { get; init; }

    /// <summary>The most that the group had, page cache included; null where the kernel does not tell.</summary>
    public required long? GroupPeakBytes { get; init; }

    /// <summary>Requests before other code took memory.</summary>
    public required Latencies Steady { get; init; }

    /// <summary>All requests, those before included.</summary>
    public required Latencies Whole { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    public required IReadOnlyList<string> LastLines { get; init; }

    public required IReadOnlyList<double[]> Resident { get; init; }

    /// <summary>The limit that held over time: seconds and MiB.</summary>
    public required IReadOnlyList<double[]> Limits { get; init; }

    public required IReadOnlyList<SecondResult> SecondsOfLoad { get; init; }
}
