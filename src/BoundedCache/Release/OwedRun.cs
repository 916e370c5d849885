namespace BoundedCache.Release;

/// <summary>What came of one run, as far as it matters for what is owed.</summary>
/// <param name="Result">The result.</param>
/// <param name="Obstacle">What kept it from its job; callbacks are looked at apart.</param>
/// <param name="ShortBytes">Bytes that were expected and did not come.</param>
/// <param name="Pause">The time for which it stopped the process.</param>
/// <param name="StuckAfter">See <see cref="GentleRelease.StuckAfter"/>.</param>
internal sealed record OwedRun(
    ReleaseResult Result, ReleaseObstacle Obstacle, long ShortBytes, TimeSpan Pause, long? StuckAfter = null)
{
    /// <summary>What it ran as; null where it failed, which counts as a try of whatever is owed.</summary>
    public ReleaseRequest? RanAs { get; init; }

    /// <summary>Whether it was at least what a request asked for. A weaker run leaves the stronger one owed.</summary>
    public bool Serves(ReleaseRequest request) => RanAs is null
        || (RanAs.Mode >= request.Mode && (RanAs.TrimNative || !request.TrimNative));
}
