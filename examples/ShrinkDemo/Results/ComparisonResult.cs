using System.Text.Json.Serialization;

namespace BoundedCache.ShrinkDemo.Results;

/// <summary>The same story on all caches, each in its own process.</summary>
internal sealed record ComparisonResult
{
    public required DemoResult BoundedCache { get; init; }

    public required DemoResult MemoryCache { get; init; }

    /// <summary>The cache of bytes; null where it does not run, which is anywhere but on Linux on x64.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DemoResult? Bytes { get; init; }

    /// <summary>The result of the first two runs, in one sentence.</summary>
    public required string Verdict { get; init; }
}
