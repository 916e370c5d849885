using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo.Results;

/// <summary>
/// One row of the table: the cache and the process once a stage's step was done and the process had been watched for a
/// while after it.
/// </summary>
internal sealed record StageResult
{
    /// <summary>From 1.</summary>
    public required int Number { get; init; }

    public required StageKind Kind { get; init; }

    /// <summary>What was done, in a few words.</summary>
    public required string Label { get; init; }

    /// <summary>The limit in force at the end.</summary>
    public required long LimitBytes { get; init; }

    public required long Entries { get; init; }

    /// <summary>By the cache's own counter.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>What survived the last collection, whenever that was.</summary>
    public required long LiveBytes { get; init; }

    /// <summary>What the garbage collector held after its last collection.</summary>
    public required long CommittedBytes { get; init; }

    /// <summary>What the operating system counts.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>Time that the step itself took, watching not included.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>
    /// Time for which collections stopped the process's managed threads in this stage, watching included.
    /// </summary>
    public required TimeSpan GcPause { get; init; }

    /// <summary>Where the stage lies on the timeline.</summary>
    public required TimeSpan StartedAt { get; init; }

    /// <summary>Where the stage lies on the timeline.</summary>
    public required TimeSpan EndedAt { get; init; }
}
