namespace BoundedCache.ShrinkDemo.Story;

/// <summary>The process and its cache at one moment, in bytes: one point of each line in the picture.</summary>
/// <param name="At">Since the story began.</param>
/// <param name="ResidentBytes">What the operating system counts.</param>
/// <param name="CommittedBytes">What the collector held after its last collection.</param>
/// <param name="LiveBytes">What survived the last collection.</param>
/// <param name="CacheBytes">What the cache counts.</param>
/// <param name="LimitBytes">What the cache was allowed.</param>
internal readonly record struct MemorySample(
    TimeSpan At, long ResidentBytes, long CommittedBytes, long LiveBytes, long CacheBytes, long LimitBytes);
