namespace BoundedCache.Memory.Attribution.Rules;

/// <summary>All rules.</summary>
internal static class MemoryRules
{
    private static readonly IMemoryRule[] s_all =
    [
        new OtherLiveRule(),
        new DeadBytesRule(),
        new FinalizerRule(),
        new PinRule(),
        new FragmentationRule(),
        new RetainVMRule(),
        new ServerGCRule(),
        new ReplacedCollectorRule(),
        new UnusedHeapRule(),
        new NativeArenaRule(),
        new NativeInUseRule(),
        new ThreadStackRule(),
        new SharedMemoryRule(),
        new MappedFileRule(),
        new HugePageRule(),
    ];

    /// <summary>What the rules have to say, the largest amount first.</summary>
    public static IReadOnlyList<MemoryReportFinding> Check(MemoryEvidence evidence) =>
        [.. s_all.Select(rule => rule.Check(evidence)).OfType<MemoryReportFinding>().OrderByDescending(static finding => finding.Bytes)];
}
