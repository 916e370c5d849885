namespace BoundedCache.Report;

/// <summary>
/// Another collector than the runtime's own keeps empty memory; the one with segments does so until a segment is empty.
/// </summary>
internal sealed class ReplacedCollectorRule : IMemoryRule
{
    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown) =>
        IdleHeap.IsUnused(breakdown) && breakdown.Settings.Replacement is string name
            ? Explain(name, breakdown.SpareBytes)
            : null;

    /// <summary>Says who keeps how much.</summary>
    public static MemoryReportFinding Explain(string name, long bytes) => new()
    {
        Cause = MemoryReportCause.ReplacedCollector,
        Bytes = bytes,
        Text = $"The collector {name}, configured in place of the runtime's own, keeps "
            + $"{ByteSize.Format(bytes)} of empty memory.",
        Advice = "The runtime's own gives it back (unset DOTNET_GCName, System.GC.Name and their kin).",
    };
}
