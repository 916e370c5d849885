namespace BoundedCache.ShrinkDemo.Results;

/// <summary>The same story on both caches, each in a process of its own.</summary>
internal sealed record ComparisonResult
{
    public required DemoResult BoundedCache { get; init; }

    public required DemoResult MemoryCache { get; init; }

    /// <summary>What the two runs showed, in one sentence.</summary>
    public required string Verdict { get; init; }
}
