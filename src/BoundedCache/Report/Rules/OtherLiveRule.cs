namespace BoundedCache.Report;

/// <summary>
/// It is not the cache: half the process is a live object graph that no cache holds. Before the first collection
/// nobody knows that it lives.
/// </summary>
internal sealed class OtherLiveRule : IMemoryRule
{
    private static readonly Bound s_bound = new(64, 0.5);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown) =>
        breakdown.IsNeverCollected || !s_bound.IsReached(breakdown.OtherLiveBytes, breakdown.ResidentBytes)
            ? null
            : new MemoryReportFinding
            {
                Cause = MemoryReportCause.OtherLive,
                Bytes = breakdown.OtherLiveBytes,
                Text = $"It is not the cache: {ByteSize.Format(breakdown.OtherLiveBytes)} are "
                    + $"{(breakdown.IsLiveMeasured ? "" : "probably ")}live objects outside any cache that reports, "
                    + $"where entries are {ByteSize.Format(breakdown.CacheBytes)}.",
                Advice = "Lowering a limit will not help. Take a heap dump (dotnet-gcdump collect) and look for the "
                    + "largest types and who refers to them: static collections, other caches, sessions, queues.",
            };
}
