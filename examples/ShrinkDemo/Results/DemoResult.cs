using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo.Results;

/// <summary>
/// Everything that one run came to. The tables, the pictures and the JSON are made from it and from nothing else.
/// </summary>
internal sealed record DemoResult
{
    public required SetupResult Setup { get; init; }

    public required EnvironmentResult Environment { get; init; }

    public required IReadOnlyList<StageResult> Stages { get; init; }

    public required AccessResult Access { get; init; }

    /// <summary>Null when no trace was replayed.</summary>
    public required TraceResult? Trace { get; init; }

    /// <summary>The cache's own reports in the order of the stages; empty for a cache that makes none.</summary>
    public required IReadOnlyList<ReportResult> Reports { get; init; }

    /// <summary>
    /// The process's memory after the last stage, taken apart; entries of other caches than
    /// <see cref="BoundedMemoryCache"/> are in it as other live objects.
    /// </summary>
    public required MemoryReport Memory { get; init; }

    public required IReadOnlyList<PromiseResult> Promises { get; init; }

    /// <summary>The highest RSS that was sampled.</summary>
    public required long PeakResidentBytes { get; init; }

    /// <summary>
    /// What the cache did that it must not do, such as returning another key's value; empty when all is well.
    /// </summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>What the run showed, in one sentence.</summary>
    public required string Verdict { get; init; }

    public required IReadOnlyList<MemorySample> Timeline { get; init; }
}
