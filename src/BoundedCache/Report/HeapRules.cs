using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>
/// The rules about the managed heap: its hard limit, dead objects, finalizers. Why it keeps memory without objects is
/// decided by <see cref="IdleHeap"/>.
/// </summary>
internal static class HeapRules
{
    /// <summary>
    /// Without a measurement, this many pending finalizers are likely to hold much. Some are always pending in a living
    /// process.
    /// </summary>
    private const long ManyPending = 10_000;

    private static readonly Bound s_limit = new(8, 0.02);
    private static readonly Bound s_dead = new(32, 0.25);
    private static readonly Bound s_finalizers = new(16, 0.1);
    private static readonly Bound s_holes = new(32, 0.25);

    /// <summary>A busy process has some empty memory even beyond the room for new objects.</summary>
    private static readonly Bound s_empty = new(64, 0.25);

    public static IEnumerable<MemoryReportFinding?> Check(MemoryBreakdown breakdown) =>
        [
            breakdown.Room is { } room ? CheckLimit(room, breakdown.CacheLimitBytes) : null,
            CheckDead(breakdown),
            CheckFinalizers(breakdown),
            .. CheckIdle(breakdown),
        ];

    /// <summary>Whether the limits of caches fit the heap's hard limit.</summary>
    /// <param name="room">The hard limit.</param>
    /// <param name="limitsBytes">The sum of the caches' limits in bytes.</param>
    /// <returns>The finding; null where they fit.</returns>
    public static MemoryReportFinding? CheckLimit(HeapRoom room, long limitsBytes)
    {
        long missing = room.MissingBytes(limitsBytes);
        return !s_limit.IsReached(missing, room.HeapLimitBytes) ? null : new MemoryReportFinding
        {
            Cause = MemoryReportCause.HeapLimit,
            Bytes = missing,
            Text = $"{room}; caches that may have {ByteSize.Format(limitsBytes)} need about "
                + $"{ByteSize.Format(room.HeapLimitBytes + missing)} of heap while entries come and go, "
                + $"{ByteSize.Format(missing)} more.",
            Advice = "Near that limit the runtime stops the process ever more often to collect, and at the limit it "
                + $"ends the process. Lower MaxMemory to {ByteSize.Format(room.FittingBytes)} in all, "
                + "or give the container or the heap (System.GC.HeapHardLimitPercent) more.",
        };
    }

    /// <summary>The finding about dead objects that are kept because their finalizers have not run yet.</summary>
    /// <param name="pending">Dead objects that wait for their finalizers.</param>
    /// <param name="bytes">What they hold, in bytes.</param>
    /// <param name="isMeasured">False where <paramref name="bytes"/> is only an upper bound.</param>
    /// <param name="isStuck">Whether the finalizers did not finish in time.</param>
    public static MemoryReportFinding ExplainFinalizers(long pending, long bytes, bool isMeasured, bool isStuck)
    {
        string held = $"{(isMeasured ? "" : "up to ")}{ByteSize.Format(bytes)}";
        return new MemoryReportFinding
        {
            Cause = MemoryReportCause.Finalizers,
            Bytes = bytes,
            Text = isStuck
                ? $"Finalizers did not finish in time: one is slow or stuck, and {held} wait behind it."
                : $"{pending} dead objects waited for their finalizers, and with them {held}.",
            Advice = "Dispose values when they are evicted (an eviction callback can), "
                + "and suppress their finalizers (GC.SuppressFinalize).",
        };
    }

    /// <summary>Much of the heap is dead, beyond the usual garbage of a busy process.</summary>
    private static MemoryReportFinding? CheckDead(MemoryBreakdown breakdown)
    {
        long dead = breakdown.LingeringBytes;
        return !s_dead.IsReached(dead, breakdown.HeapBytes) ? null : new MemoryReportFinding
        {
            Cause = MemoryReportCause.Dead,
            Bytes = dead,
            Text = $"{ByteSize.Format(dead)} of the managed heap "
                + $"{(breakdown.IsLiveMeasured ? "were" : "are probably")} dead and not collected yet."
                + (breakdown.OverdueBytes == 0 ? "" : $" {ByteSize.Format(breakdown.OverdueBytes)} left caches and "
                    + "would be collected by now, but collecting has used up its share of time: much else is alive."),
            Advice = "The runtime collects them when it needs the room. To have the memory back now, "
                + "release it (ReleaseAsync, or lower MaxMemory).",
        };
    }

    private static MemoryReportFinding? CheckFinalizers(MemoryBreakdown breakdown)
    {
        bool isLikely = breakdown.FinalizersStuck || breakdown.FinalizersPending >= ManyPending;
        long bytes = breakdown.FinalizerBytes
            ?? (isLikely ? breakdown.OtherLiveBytes + breakdown.DeadBytes : 0);
        return !s_finalizers.IsReached(bytes, breakdown.HeapBytes) ? null : ExplainFinalizers(
            breakdown.FinalizersPending,
            bytes,
            isMeasured: breakdown.FinalizerBytes is not null,
            breakdown.FinalizersStuck);
    }

    private static IEnumerable<MemoryReportFinding> CheckIdle(MemoryBreakdown breakdown)
    {
        IdleHeap idle = breakdown.Idle;
        return idle.Explain(
            isMuch: s_holes.IsReached(idle.Bytes, breakdown.HeapBytes),
            areHolesMuch: s_holes.IsReached(idle.HoleBytes, breakdown.HeapBytes),
            isEmptyMuch: s_empty.IsReached(idle.EmptyBytes, breakdown.HeapBytes));
    }
}
