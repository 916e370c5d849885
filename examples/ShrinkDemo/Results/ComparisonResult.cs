namespace BoundedCache.ShrinkDemo.Results;

/// <summary>The same story on both caches, each in its own process.</summary>
internal sealed record ComparisonResult
{
    public required DemoResult BoundedCache { get; init; }

    public required DemoResult MemoryCache { get; init; }

    /// <summary>The result of the two runs, in one sentence.</summary>
    public required string Verdict { get; init; }
}
