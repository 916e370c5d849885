namespace BoundedCache.Report;

/// <summary>
/// Stacks of many or deep threads. Their pages stay resident for as long as the thread lives,
/// however shallow it is by now.
/// </summary>
internal sealed class ThreadStackRule : IMemoryRule
{
    private static readonly Bound s_bound = new(32, 0.1);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown) =>
        breakdown.Space is not AddressSpace space || !s_bound.IsReached(space.StackBytes, breakdown.ResidentBytes)
            ? null
            : new MemoryReportFinding
            {
                Cause = MemoryReportCause.ThreadStacks,
                Bytes = space.StackBytes,
                Text = $"{ByteSize.Format(space.StackBytes)} are stacks of {breakdown.Threads} threads.",
                Advice = "Have fewer threads, and do not block them (blocking calls make the thread pool add threads); "
                    + "keep recursion and stackalloc shallow on long-lived ones.",
            };
}
