namespace BoundedCache.ShrinkDemo.Story;

/// <summary>The process and its cache at one moment, in bytes: one point of each line in the picture.</summary>
/// <param name="At">Time since the story began.</param>
/// <param name="ResidentBytes">RSS as the operating system counts it.</param>
/// <param name="CommittedBytes">What the collector held after its last collection.</param>
/// <param name="LiveBytes">What survived the last collection.</param>
/// <param name="CacheBytes">The cache's own counter.</param>
/// <param name="LimitBytes">The cache's limit.</param>
internal readonly record struct MemorySample(
    TimeSpan At, long ResidentBytes, long CommittedBytes, long LiveBytes, long CacheBytes, long LimitBytes);
