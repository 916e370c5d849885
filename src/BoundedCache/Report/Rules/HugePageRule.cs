namespace BoundedCache.Report;

/// <summary>Transparent huge pages: 2 MiB become resident where a few KiB are used.</summary>
internal sealed class HugePageRule : IMemoryRule
{
    private static readonly Bound s_bound = new(64, 0.25);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown) =>
        breakdown.Space is AddressSpace space && s_bound.IsReached(space.HugePageBytes, breakdown.ResidentBytes)
            ? Explain(space.HugePageBytes)
            : null;

    /// <summary>Says how much it is.</summary>
    public static MemoryReportFinding Explain(long bytes) => new()
    {
        Cause = MemoryReportCause.HugePages,
        Bytes = bytes,
        Text = $"{ByteSize.Format(bytes)} are in transparent huge pages, which are resident as a whole "
            + "however little of them is used.",
        Advice = "Set them to madvise (/sys/kernel/mm/transparent_hugepage/enabled), "
            + "and look for who asks for them with madvise(2).",
    };
}
