using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>The managed heap keeps empty memory, and neither pins nor settings explain it.</summary>
internal sealed class UnusedHeapRule : IMemoryRule
{
    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown) =>
        IdleHeap.IsUnused(breakdown) && !breakdown.IsPinned && !IsExplained(breakdown.Settings)
            ? Explain(breakdown.SpareBytes)
            : null;

    /// <summary>Says how much it is.</summary>
    public static MemoryReportFinding Explain(long bytes) => new()
    {
        Cause = MemoryReportCause.UnusedHeap,
        Bytes = bytes,
        Text = $"The managed heap keeps {ByteSize.Format(bytes)} of empty memory for its next use.",
        Advice = "The runtime gives it back little by little while it collects; "
            + "a release does so at once (ReleaseAsync).",
    };

    private static bool IsExplained(CollectorSettings settings) =>
        settings.RetainsMemory || settings.IsServer || settings.Replacement is not null;
}
