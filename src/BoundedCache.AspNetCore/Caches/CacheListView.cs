namespace BoundedCache.AspNetCore.Caches;

/// <summary>All caches, the process that they are in, and what may be done to them.</summary>
/// <remarks><c>CanChange</c>: Whether who asked may change anything.</remarks>
internal sealed record CacheListView(
    IReadOnlyList<CacheView> Caches,
    ProcessMemorySnapshot Process,
    LimitBounds Limits,
    bool CanChange,
    double SampleIntervalMilliseconds);

/// <summary>The limits that may be set, in bytes.</summary>
/// <remarks><c>MaximumBytes</c>: Null for any.</remarks>
internal sealed record LimitBounds(long MinimumBytes, long? MaximumBytes);
