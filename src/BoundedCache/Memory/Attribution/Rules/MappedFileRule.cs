namespace BoundedCache.Memory.Attribution.Rules;

/// <summary>Mapped files, beyond the assemblies and libraries of a plain application.</summary>
internal sealed class MappedFileRule : IMemoryRule
{
    private static readonly Bound s_bound = new(64, 0.25);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryEvidence evidence)
    {
        if (!s_bound.IsReached(evidence.FileBytes, evidence.ResidentBytes))
        {
            return null;
        }

        string largest = evidence.Space?.LargestFile is string path ? $", the largest {path} ({ByteSize.Format(evidence.Space.LargestFileBytes)})" : "";
        return new MemoryReportFinding
        {
            Cause = MemoryReportCause.MappedFiles,
            Bytes = evidence.FileBytes,
            Text = $"{ByteSize.Format(evidence.FileBytes)} are pages of mapped files{largest}.",
            Advice = "RSS counts them, but the kernel takes unchanged ones back whenever it needs memory. Dispose views (MemoryMappedFile) that are no longer needed.",
        };
    }
}
