namespace BoundedCache.AspNetCore.History;

/// <summary>The process and its caches at one moment, in bytes.</summary>
internal sealed record SampleView(
    DateTimeOffset Time, long ResidentBytes, long CommittedBytes, long LiveBytes, IReadOnlyList<CacheSample> Caches);

/// <summary>One cache at that moment.</summary>
/// <remarks>
/// <c>HitRatio</c>: Of the lookups since the sample before, from 0 to 1; null where there were
/// none, or nobody counts them.
/// </remarks>
internal sealed record CacheSample(string Name, long UsedBytes, long MaxBytes, int Count, double? HitRatio);
