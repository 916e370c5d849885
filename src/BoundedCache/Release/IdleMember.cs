namespace BoundedCache.Release;

/// <summary>
/// What one cache wants of the <see cref="IdleReleaser"/>, and tells it. The watch holds it
/// weakly: it ends with its cache.
/// </summary>
internal sealed record IdleMember
{
    /// <summary>The least time between two idle releases.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>Bytes that the process has to hold beyond need for a release to be worth it.</summary>
    public required long MinimumBytes { get; init; }

    /// <summary>Bytes in the cache now; 0 where it does not count bytes.</summary>
    public required Func<long> UsedBytes { get; init; }

    /// <summary>Told what a release came to. Must not throw.</summary>
    public required Action<ReleaseResult> OnReleased { get; init; }
}
