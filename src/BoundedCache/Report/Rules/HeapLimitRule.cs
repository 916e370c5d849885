using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>The caches' limits are more than the heap's hard limit can hold.</summary>
internal sealed class HeapLimitRule : IMemoryRule
{
    private static readonly Bound s_bound = new(8, 0.02);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown)
    {
        if (breakdown.Room is not { } room)
        {
            return null;
        }

        long missing = room.MissingBytes(breakdown.CacheLimitBytes);
        return !s_bound.IsReached(missing, room.HeapLimitBytes)
            ? null
            : Explain(room, breakdown.CacheLimitBytes, missing);
    }

    /// <summary>What there is to say of limits in a process, in a report and in a log alike.</summary>
    /// <returns>Null where they fit.</returns>
    public static MemoryReportFinding? Check(HeapRoom room, long limitsBytes) =>
        new HeapLimitRule().Check(
            new MemoryBreakdown { ResidentBytes = 0, HeapBytes = 0, Room = room, CacheLimitBytes = limitsBytes });

    private static MemoryReportFinding Explain(HeapRoom room, long limitsBytes, long missing) => new()
    {
        Cause = MemoryReportCause.HeapLimit,
        Bytes = missing,
        Text = $"{room}; caches that may have {ByteSize.Format(limitsBytes)} need about "
            + $"{ByteSize.Format(room.HeapLimitBytes + missing)} of heap while entries come and go, "
            + $"{ByteSize.Format(missing)} more.",
        Advice = "Near that limit the runtime stops the process ever more often to collect, "
            + $"and at the limit it ends the process. Lower MaxMemory to {ByteSize.Format(room.FittingBytes)} in all, "
            + "or give the container or the heap (System.GC.HeapHardLimitPercent) more.",
    };
}
