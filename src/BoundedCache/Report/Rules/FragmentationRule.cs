namespace BoundedCache.Report;

/// <summary>A good part of the managed heap is holes between live objects, and no pins explain it.</summary>
internal sealed class FragmentationRule : IMemoryRule
{
    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown) =>
        IdleHeap.IsFragmented(breakdown) && !breakdown.IsPinned ? Explain(breakdown.FragmentedBytes) : null;

    /// <summary>Says how much it is.</summary>
    public static MemoryReportFinding Explain(long bytes) => new()
    {
        Cause = MemoryReportCause.Fragmentation,
        Bytes = bytes,
        Text = $"{ByteSize.Format(bytes)} are holes between live objects (fragmentation).",
        Advice = "New objects will fill them; a release compacts and closes them (ReleaseAsync). Where they keep "
            + "coming back, System.GC.ConserveMemory (DOTNET_GCConserveMemory=5) has the runtime compact more often.",
    };
}
