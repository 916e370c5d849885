namespace BoundedCache.Contract.Tests;

/// <summary>The settings that both caches have.</summary>
public sealed record CacheSetup
{
    /// <summary>
    /// The limit in declared sizes: <c>SizeLimit</c>, or <c>MaxMemory</c> with <see cref="EntrySizing.Declared"/>. Null
    /// for a cache that is never full.
    /// </summary>
    public long? SizeLimit { get; init; }

    /// <summary>
    /// What MemoryCache evicts in the background when a write finds it full: by default a twentieth. 0 for nothing.
    /// </summary>
    public double CompactionPercentage { get; init; } = 0.05;

    public bool TrackStatistics { get; init; }

    public bool TrackLinkedCacheEntries { get; init; }

    /// <summary>Long enough not to interfere, unless a test says otherwise.</summary>
    public TimeSpan ExpirationScanFrequency { get; init; } = TimeSpan.FromDays(30);
}
