namespace BoundedCache.Report;

/// <summary>All rules.</summary>
internal static class MemoryRules
{
    private static readonly IMemoryRule[] s_other =
    [
        new HeapLimitRule(),
        new DeadBytesRule(),
        new FinalizerRule(),
        new PinRule(),
        new FragmentationRule(),
        new RetainVMRule(),
        new ServerGCRule(),
        new ReplacedCollectorRule(),
        new UnusedHeapRule(),
    ];

    private static readonly IMemoryRule[] s_elsewhere =
    [
        new OtherLiveRule(),
        new MappedFileRule(),
    ];

    private static readonly IMemoryRule[] s_native =
    [
        new NativeArenaRule(),
        new NativeInUseRule(),
        new ThreadStackRule(),
        new SharedMemoryRule(),
        new HugePageRule(),
    ];

    /// <summary>What the rules have to say, the largest amount first.</summary>
    public static IReadOnlyList<MemoryReportFinding> Check(MemoryBreakdown breakdown) =>
        Check(breakdown, [.. s_elsewhere, .. s_other, .. s_native]);

    /// <summary>
    /// What the rules have to say about memory that is neither managed nor a file's, the largest amount first.
    /// </summary>
    public static IReadOnlyList<MemoryReportFinding> CheckNative(MemoryBreakdown breakdown) =>
        Check(breakdown, s_native);

    /// <summary>
    /// What the rules have to say about memory that is in use, and by no cache, so that no release takes it;
    /// the largest amount first.
    /// </summary>
    public static IReadOnlyList<MemoryReportFinding> CheckElsewhere(MemoryBreakdown breakdown) =>
        Check(breakdown, s_elsewhere);

    private static MemoryReportFinding[] Check(MemoryBreakdown breakdown, IMemoryRule[] rules) =>
        [.. rules.Select(rule => rule.Check(breakdown))
            .OfType<MemoryReportFinding>()
            .OrderByDescending(static finding => finding.Bytes)];
}
