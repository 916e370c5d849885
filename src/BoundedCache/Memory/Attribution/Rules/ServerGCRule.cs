namespace BoundedCache.Memory.Attribution.Rules;

/// <summary>Server GC's heaps each keep room for new objects.</summary>
internal sealed class ServerGCRule : IMemoryRule
{
    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryEvidence evidence) =>
        !IdleHeap.IsUnused(evidence) || !evidence.Settings.IsServer || evidence.Settings.RetainsMemory ? null : new MemoryReportFinding
        {
            Cause = MemoryReportCause.ServerGC,
            Bytes = evidence.UnusedBytes,
            Text = $"Server GC keeps {ByteSize.Format(evidence.UnusedBytes)} of empty memory for new objects, in {evidence.Settings.Heaps} heaps.",
            Advice = (evidence.Settings.AdaptsHeaps ? "" : "Let it adapt to the process (DOTNET_GCDynamicAdaptationMode=1), ")
                + (evidence.Settings.AdaptsHeaps ? "Give" : "give") + " it fewer heaps (DOTNET_GCHeapCount) or less room for new objects (DOTNET_GCgen0size), or use workstation GC (DOTNET_gcServer=0).",
        };
}
