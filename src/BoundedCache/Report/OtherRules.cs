namespace BoundedCache.Report;

/// <summary>The rules about memory that is in use outside the caches: other live objects and mapped files.</summary>
internal static class OtherRules
{
    private static readonly Bound s_otherLive = new(64, 0.5);
    private static readonly Bound s_mappedFiles = new(64, 0.25);

    public static IEnumerable<MemoryReportFinding?> Check(MemoryBreakdown breakdown) =>
        [CheckOtherLive(breakdown), CheckMappedFiles(breakdown)];

    /// <summary>
    /// Half of the process or more is live objects in no cache. Before the first collection it is unknown what is live.
    /// </summary>
    private static MemoryReportFinding? CheckOtherLive(MemoryBreakdown breakdown) =>
        breakdown.IsNeverCollected || !s_otherLive.IsReached(breakdown.OtherLiveBytes, breakdown.ResidentBytes)
            ? null
            : new MemoryReportFinding
            {
                Cause = MemoryReportCause.OtherLive,
                Bytes = breakdown.OtherLiveBytes,
                Text = (breakdown.UncountedCaches == 0 ? "It is not the cache: " : "")
                    + $"{ByteSize.Format(breakdown.OtherLiveBytes)} are "
                    + $"{(breakdown.IsLiveMeasured ? "" : "probably ")}live objects outside any cache that reports, "
                    + $"where entries are {ByteSize.Format(breakdown.CacheBytes)}.",
                Advice = (breakdown.UncountedCaches == 0
                    ? "Lowering a limit will not help."
                    : $"Some may be entries of {breakdown.UncountedCaches} "
                        + $"cache{(breakdown.UncountedCaches == 1 ? "" : "s")} whose bytes are not counted here.")
                    + " Take a heap dump (dotnet-gcdump collect) and look for the "
                    + "largest types and who refers to them: static collections, other caches, sessions, queues.",
            };

    /// <summary>Mapped files, beyond the assemblies and libraries of a plain application.</summary>
    private static MemoryReportFinding? CheckMappedFiles(MemoryBreakdown breakdown)
    {
        if (!s_mappedFiles.IsReached(breakdown.FileBytes, breakdown.ResidentBytes))
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
