using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>
/// The rules about the managed heap: the room for it, dead objects, finalizers. Why it keeps memory without objects is
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
            breakdown.Room is { } room
                ? CheckLimit(room, breakdown.CacheLimitBytes, breakdown.NativeLimitBytes)
                : null,
            CheckDead(breakdown),
            CheckFinalizers(breakdown),
            .. CheckIdle(breakdown),
        ];

    /// <summary>Whether the limits of caches fit the memory that the process can have.</summary>
    /// <param name="room">What it can have.</param>
    /// <param name="limitsBytes">The sum of the limits of caches of objects, in bytes.</param>
    /// <param name="nativeBytes">The sum of the limits of caches in native memory, in bytes.</param>
    /// <returns>The finding; null where they fit.</returns>
    public static MemoryReportFinding? CheckLimit(HeapRoom room, long limitsBytes, long nativeBytes = 0)
    {
        if (room.FindWorst(
            limitsBytes, nativeBytes, static bound => s_limit.IsReached(bound.MissingBytes, bound.Bytes))
            is not { } bound)
        {
            return null;
        }

        string limits = ByteSize.Format(bound.Need.LimitBytes);
        string heap = ByteSize.Format(room.HeapLimitBytes);
        string pinned = room.PinnedObjectBytes > 0
            ? $", {ByteSize.Format(room.PinnedObjectBytes)} of them only for objects that were allocated pinned"
            : "";
        string need = ByteSize.Format(bound.NeedBytes);
        string missing = $"while entries come and go, {ByteSize.Format(bound.MissingBytes)} more.";
        const string HeapEnds = "Near that limit the runtime stops the process ever more often to collect, and at the "
            + "limit it ends the process. ";
        (string text, string advice) = bound.Kind switch
        {
            RoomKind.Heap => (
                (room.ContainerBytes is long container && container > room.HeapLimitBytes
                    ? $"The container has {ByteSize.Format(container)}, and the managed heap {heap} of them"
                    : $"The managed heap may have {heap}")
                    + $"{pinned}; caches that may have {limits} need about {need} of heap {missing}",
                HeapEnds + Lower(bound, "give the container or the heap (System.GC.HeapHardLimitPercent) more")),
            RoomKind.SmallObjects => (
                $"Of the managed heap's {heap}, small objects (by default below 85,000 bytes) "
                    + $"may have {ByteSize.Format(bound.Bytes)} (GCHeapHardLimitSOH); if the values are such objects, "
                    + $"caches that may have {limits} need about {need} of that {missing}",
                HeapEnds + Lower(bound, "raise GCHeapHardLimitSOH")),
            RoomKind.LargeObjects => (
                $"Of the managed heap's {heap}, large objects (by default from 85,000 bytes on) "
                    + $"may have {ByteSize.Format(bound.Bytes)} (GCHeapHardLimitLOH); if the values are such objects, "
                    + $"caches that may have {limits} need about {need} of that {missing}",
                HeapEnds + Lower(bound, "raise GCHeapHardLimitLOH")),
            RoomKind.Container => (
                $"The container has {ByteSize.Format(room.ContainerBytes!.Value)}; caches that may have {limits} need "
                    + $"about {need} beside the process itself {missing}",
                "At its limit the kernel ends a process of the container. " + Lower(bound, "give the container more")),
            RoomKind.ContainerHigh => (
                $"The container may have {ByteSize.Format(room.ContainerHighBytes!.Value)} before the kernel slows it "
                    + $"down (memory.high); caches that may have {limits} need about {need} beside the process itself "
                    + missing,
                "Above that the kernel takes memory back and holds the container's processes up. "
                    + Lower(bound, "raise memory.high")),
            _ => (
                $"The machine has {ByteSize.Format(room.MachineBytes!.Value)} of memory; caches that may have {limits} "
                    + $"need about {need} beside the process itself {missing}",
                "Without free memory the machine swaps, or the kernel ends a process. "
                    + Lower(bound, "use a larger machine")),
        };
        return new MemoryReportFinding
        {
            Cause = MemoryReportCause.HeapLimit,
            Bytes = bound.MissingBytes,
            Text = text,
            Advice = advice,
        };
    }

    private static string Lower(RoomBound bound, string instead) => bound.FittingBytes > 0
        ? $"Lower MaxMemory to {ByteSize.Format(bound.FittingBytes)} in all, or {instead}."
        : $"No limit fits: {instead}.";

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

    /// <summary>
    /// Much of the heap is dead, beyond the usual garbage of a busy process; or garbage of caches must wait, however
    /// small its share is: then the process is not held to its bound.
    /// </summary>
    private static MemoryReportFinding? CheckDead(MemoryBreakdown breakdown)
    {
        long dead = breakdown.LingeringBytes;
        bool isMuch = s_dead.IsReached(dead, breakdown.HeapBytes);
        if (!isMuch && !breakdown.IsOverdue)
        {
            return null;
        }

        List<string> text = [];
        if (isMuch)
        {
            text.Add($"{ByteSize.Format(dead)} of the managed heap "
                + $"{(breakdown.IsLiveMeasured ? "were" : "are probably")} dead and not collected yet.");
        }

        if (breakdown.IsOverdue)
        {
            text.Add($"{ByteSize.Format(breakdown.OverdueBytes)} left caches and would be collected by now, but "
                + "pacing could not collect them yet.");
        }

        return new MemoryReportFinding
        {
            Cause = MemoryReportCause.Dead,
            Bytes = isMuch ? dead : breakdown.OverdueBytes,
            Text = string.Join(' ', text),
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
        return breakdown.Idle.Explain(
            bytes => s_holes.IsReached(bytes, breakdown.HeapBytes),
            bytes => s_empty.IsReached(bytes, breakdown.HeapBytes));
    }
}
