namespace BoundedCache.Report;

/// <summary>Dead objects are kept because their finalizers have yet to run.</summary>
internal sealed class FinalizerRule : IMemoryRule
{
    /// <summary>
    /// Where nobody measured what they hold, so many make it likely that it is much; some are always
    /// due in a living process.
    /// </summary>
    private const long ManyPending = 10_000;

    private static readonly Bound s_bound = new(16, 0.1);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown)
    {
        long bytes = breakdown.FinalizerBytes
            ?? (breakdown.FinalizersStuck || breakdown.FinalizersPending >= ManyPending
                ? breakdown.OtherLiveBytes + breakdown.DeadBytes
                : 0);
        return s_bound.IsReached(bytes, breakdown.HeapBytes)
            ? Explain(
                breakdown.FinalizersPending,
                bytes,
                isMeasured: breakdown.FinalizerBytes is not null,
                breakdown.FinalizersStuck)
            : null;
    }

    /// <summary>Says what finalizers hold.</summary>
    /// <param name="pending">Dead objects that wait for their finalizers.</param>
    /// <param name="bytes">What they hold.</param>
    /// <param name="isMeasured">False where that is only an upper bound.</param>
    /// <param name="isStuck">Whether finalizers were waited for in vain.</param>
    public static MemoryReportFinding Explain(long pending, long bytes, bool isMeasured, bool isStuck)
    {
        string held = $"{(isMeasured ? "" : "up to ")}{ByteSize.Format(bytes)}";
        return new MemoryReportFinding
        {
            Cause = MemoryReportCause.Finalizers,
            Bytes = bytes,
            Text = isStuck
                ? $"Finalizers did not finish in time: one is slow or stuck, and {held} wait behind it."
                : $"{pending} dead objects waited for their finalizers, and with them {held}.",
            Advice = "Dispose values when they are evicted (an eviction callback can), "
                + "and suppress their finalizers (GC.SuppressFinalize).",
        };
    }
}
