namespace BoundedCache.Report;

/// <summary>Mapped files, beyond the assemblies and libraries of a plain application.</summary>
internal sealed class MappedFileRule : IMemoryRule
{
    private static readonly Bound s_bound = new(64, 0.25);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown)
    {
        if (!s_bound.IsReached(breakdown.FileBytes, breakdown.ResidentBytes))
        {
            return null;
        }

        string largest = breakdown.Space?.LargestFile is string path
            ? $", the largest {path} ({ByteSize.Format(breakdown.Space.LargestFileBytes)})"
            : "";
        return new MemoryReportFinding
        {
            Cause = MemoryReportCause.MappedFiles,
            Bytes = breakdown.FileBytes,
            Text = $"{ByteSize.Format(breakdown.FileBytes)} are pages of mapped files{largest}.",
            Advice = "RSS counts them, but the kernel takes unchanged ones back whenever it needs memory. "
                + "Dispose views (MemoryMappedFile) that are no longer needed.",
        };
    }
}
