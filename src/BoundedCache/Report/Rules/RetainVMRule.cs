namespace BoundedCache.Report;

/// <summary>Emptied memory is kept because a setting says so.</summary>
internal sealed class RetainVMRule : IMemoryRule
{
    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown) =>
        IdleHeap.IsUnused(breakdown) && breakdown.Settings.RetainsMemory ? Explain(breakdown.SpareBytes) : null;

    /// <summary>Says how much it is.</summary>
    public static MemoryReportFinding Explain(long bytes) => new()
    {
        Cause = MemoryReportCause.RetainVM,
        Bytes = bytes,
        Text = $"The runtime keeps {ByteSize.Format(bytes)} of empty memory because System.GC.RetainVM is set.",
        Advice =
            "Unset it (DOTNET_GCRetainVM=0) if the memory is needed elsewhere; a full release takes it all the same.",
    };
}
