namespace BoundedCache.Report;

/// <summary>
/// All rules of the report. A rule looks at a process's memory and returns a finding, or null where there is nothing to
/// say. It asks for an amount and a share, so that what is usual is reported for neither a small nor a large process.
/// </summary>
internal static class MemoryRules
{
    /// <summary>The findings of all rules, the largest amount first.</summary>
    public static IReadOnlyList<MemoryReportFinding> Check(MemoryBreakdown breakdown) =>
        Sort([.. OtherRules.Check(breakdown), .. HeapRules.Check(breakdown), .. NativeRules.Check(breakdown)]);

    /// <summary>Whether the rules say that caches do not hold the memory.</summary>
    public static bool DeniesCaches(MemoryBreakdown breakdown) =>
        CheckElsewhere(breakdown).Any(static finding => finding.Cause == MemoryReportCause.OtherLive);

    /// <summary>
    /// The findings about memory that is neither managed nor a file's, the largest amount first.
    /// </summary>
    public static IReadOnlyList<MemoryReportFinding> CheckNative(MemoryBreakdown breakdown) =>
        Sort(NativeRules.Check(breakdown));

    /// <summary>
    /// The findings about memory that is in use outside the caches, which no release takes; the largest amount first.
    /// </summary>
    public static IReadOnlyList<MemoryReportFinding> CheckElsewhere(MemoryBreakdown breakdown) =>
        Sort(OtherRules.Check(breakdown));

    private static MemoryReportFinding[] Sort(IEnumerable<MemoryReportFinding?> findings) =>
        [.. findings.OfType<MemoryReportFinding>().OrderByDescending(static finding => finding.Bytes)];
}

/// <summary>From when on memory is worth a finding: an amount and a share, both of which it must reach.</summary>
/// <param name="LeastMebibytes">The amount, in MiB.</param>
/// <param name="LeastShare">The share of the whole, from 0 to 1.</param>
internal readonly record struct Bound(long LeastMebibytes, double LeastShare)
{
    /// <summary>Whether both are reached.</summary>
    public bool IsReached(long bytes, long wholeBytes) =>
        bytes >= LeastMebibytes * 1024 * 1024 && bytes >= LeastShare * wholeBytes;
}
