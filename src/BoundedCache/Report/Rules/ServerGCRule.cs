using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>Server GC's heaps each keep room for new objects.</summary>
internal sealed class ServerGCRule : IMemoryRule
{
    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown) =>
        IdleHeap.IsUnused(breakdown) && breakdown.Settings.IsServer && !breakdown.Settings.RetainsMemory
            ? Explain(breakdown.Settings, breakdown.SpareBytes)
            : null;

    /// <summary>Says how much it is.</summary>
    public static MemoryReportFinding Explain(CollectorSettings settings, long bytes) => new()
    {
        Cause = MemoryReportCause.ServerGC,
        Bytes = bytes,
        Text = $"Server GC keeps {ByteSize.Format(bytes)} of empty memory for new objects, in {settings.Heaps} heaps.",
        Advice = (settings.AdaptsHeaps ? "" : "Let it adapt to the process (DOTNET_GCDynamicAdaptationMode=1), ")
            + (settings.AdaptsHeaps ? "Give" : "give") + " it fewer heaps (DOTNET_GCHeapCount) "
            + "or less room for new objects (DOTNET_GCgen0size), or use workstation GC (DOTNET_gcServer=0).",
    };
}
