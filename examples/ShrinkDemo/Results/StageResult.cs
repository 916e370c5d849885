using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo.Results;

/// <summary>
/// One row of the table: the cache and the process after a stage's step was done and the process was watched for a
/// while.
/// </summary>
internal sealed record StageResult
{
    /// <summary>The stage's number, from 1.</summary>
    public required int Number { get; init; }

    public required StageKind Kind { get; init; }

    /// <summary>What was done, in a few words.</summary>
    public required string Label { get; init; }

    /// <summary>The limit in force at the end.</summary>
    public required long LimitBytes { get; init; }

    public required long Entries { get; init; }

    /// <summary>Bytes in the cache, by its own counter.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>Bytes that survived the last collection, whenever that was.</summary>
    public required long LiveBytes { get; init; }

    /// <summary>Bytes that the garbage collector held after its last collection.</summary>
    public required long CommittedBytes { get; init; }

    /// <summary>RSS as the operating system counts it.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>The duration of the step itself, without watching.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>
    /// Time for which collections stopped the process's managed threads in this stage, including the watching.
    /// </summary>
    public required TimeSpan GcPause { get; init; }

    /// <summary>When the stage started, on the timeline.</summary>
    public required TimeSpan StartedAt { get; init; }

    /// <summary>When the stage ended, on the timeline.</summary>
    public required TimeSpan EndedAt { get; init; }
}
