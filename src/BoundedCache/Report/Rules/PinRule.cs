namespace BoundedCache.Report;

/// <summary>
/// Pinned objects are spread so that the emptied memory around them can neither be closed up nor given back.
/// </summary>
internal sealed class PinRule : IMemoryRule
{
    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown) =>
        IdleHeap.IsClear(breakdown) && breakdown.IsPinned
            ? Explain(breakdown.PinnedObjects, breakdown.IdleBytes)
            : null;

    /// <summary>Says what the pins hold.</summary>
    public static MemoryReportFinding Explain(long pins, long bytes) => new()
    {
        Cause = MemoryReportCause.Pins,
        Bytes = bytes,
        Text = $"{pins} pinned objects keep {ByteSize.Format(bytes)} of emptied heap from leaving.",
        Advice = "Pin for shorter times, or allocate what stays pinned with GC.AllocateArray(pinned: true), "
            + "which has a heap of its own.",
    };
}
