namespace BoundedCache.Memory.Attribution.Rules;

/// <summary>Dead objects are kept because their finalizers have yet to run.</summary>
internal sealed class FinalizerRule : IMemoryRule
{
    /// <summary>Where nobody measured what they hold, so many make it likely that it is much; some are always due in a living process.</summary>
    private const long ManyPending = 10_000;

    private static readonly Bound s_bound = new(16, 0.1);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryEvidence evidence)
    {
        long bytes = evidence.FinalizerBytes ?? (evidence.FinalizersStuck || evidence.FinalizersPending >= ManyPending ? evidence.OtherLiveBytes + evidence.DeadBytes : 0);
        return !s_bound.IsReached(bytes, evidence.HeapBytes) ? null : Explain(evidence, bytes);
    }

    /// <summary>Says what finalizers hold.</summary>
    public static MemoryReportFinding Explain(MemoryEvidence evidence, long bytes) => new()
    {
        Cause = MemoryReportCause.Finalizers,
        Bytes = bytes,
        Text = evidence.FinalizersStuck
            ? $"Finalizers did not finish in time: one is slow or stuck, and {(evidence.FinalizerBytes is null ? "up to " : "")}{ByteSize.Format(bytes)} wait behind it."
            : $"{evidence.FinalizersPending} dead objects waited for their finalizers, and with them {(evidence.FinalizerBytes is null ? "up to " : "")}{ByteSize.Format(bytes)}.",
        Advice = "Dispose values when they are evicted (an eviction callback can), and suppress their finalizers (GC.SuppressFinalize).",
    };
}
