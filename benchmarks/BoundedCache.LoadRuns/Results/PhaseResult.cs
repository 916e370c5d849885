using BoundedCache.LoadRuns.Load;

namespace BoundedCache.LoadRuns.Results;

/// <summary>One stretch of a row's story, and what memory and callers saw in it.</summary>
internal sealed record PhaseResult
{
    public required string Name { get; init; }

    /// <summary>When it began, in seconds since the service started.</summary>
    public required double From { get; init; }

    /// <summary>When it ended.</summary>
    public required double To { get; init; }

    /// <summary>Resident memory in its last second, in bytes: the median.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>The most that was seen in it, in bytes.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>What the cache says it holds at its end, in bytes.</summary>
    public required long UsedBytes { get; init; }

    /// <summary>The cache's limit at its end, in bytes.</summary>
    public required long MaxBytes { get; init; }

    public required Latencies Latencies { get; init; }
}
