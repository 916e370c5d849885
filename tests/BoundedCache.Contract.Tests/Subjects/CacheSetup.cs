namespace BoundedCache.Contract.Tests;

/// <summary>The settings that both caches have.</summary>
public sealed record CacheSetup
{
    /// <summary>
    /// The limit in declared sizes: <c>SizeLimit</c>, or <c>MaxMemory</c> with <see cref="EntrySizing.Declared"/>. Null
    /// for a cache that is never full.
    /// </summary>
    public long? SizeLimit { get; init; }

    public bool TrackStatistics { get; init; }

    public bool TrackLinkedCacheEntries { get; init; }

    /// <summary>Long enough not to interfere, unless a test says otherwise.</summary>
    public TimeSpan ExpirationScanFrequency { get; init; } = TimeSpan.FromDays(30);
}
