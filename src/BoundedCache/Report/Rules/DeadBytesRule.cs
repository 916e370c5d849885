namespace BoundedCache.Report;

/// <summary>
/// A good part of the managed heap is dead, beyond the garbage of a process at work, and no collection has come by.
/// </summary>
internal sealed class DeadBytesRule : IMemoryRule
{
    private static readonly Bound s_bound = new(32, 0.25);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown)
    {
        long dead = breakdown.LingeringBytes;
        return !s_bound.IsReached(dead, breakdown.HeapBytes) ? null : new MemoryReportFinding
        {
            Cause = MemoryReportCause.Dead,
            Bytes = dead,
            Text = $"{ByteSize.Format(dead)} of the managed heap "
                + $"{(breakdown.IsLiveMeasured ? "were" : "are probably")} dead and not collected yet.",
            Advice = "The runtime collects them when it needs the room. To have the memory back now, "
                + "release it (ReleaseAsync, or lower MaxMemory).",
        };
    }
}
