using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo.Results;

/// <summary>
/// The result of one run. The tables, the pictures and the JSON are made only from it.
/// </summary>
internal sealed record DemoResult
{
    public required SetupResult Setup { get; init; }

    public required EnvironmentResult Environment { get; init; }

    public required IReadOnlyList<StageResult> Stages { get; init; }

    public required AccessResult Access { get; init; }

    /// <summary>Null if no trace was replayed.</summary>
    public required TraceResult? Trace { get; init; }

    /// <summary>The cache's own reports in the order of the stages; empty for a cache that makes no reports.</summary>
    public required IReadOnlyList<ReportResult> Reports { get; init; }

    /// <summary>
    /// The report on the process's memory after the last stage. Entries of other caches than
    /// <see cref="BoundedMemoryCache"/> count there as other live objects.
    /// </summary>
    public required MemoryReport Memory { get; init; }

    public required IReadOnlyList<PromiseResult> Promises { get; init; }

    /// <summary>The highest RSS that was sampled.</summary>
    public required long PeakResidentBytes { get; init; }

    /// <summary>
    /// Faults of the cache, such as returning another key's value; empty if there are none.
    /// </summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>The result of the run, in one sentence.</summary>
    public required string Verdict { get; init; }

    public required IReadOnlyList<MemorySample> Timeline { get; init; }
}
