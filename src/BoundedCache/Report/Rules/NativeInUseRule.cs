using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>
/// Much of the process is native memory in use: neither freed, nor stacks, nor shared, nor huge
/// for being in huge pages.
/// </summary>
internal sealed class NativeInUseRule : IMemoryRule
{
    private static readonly Bound s_bound = new(64, 1.0 / 3);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown)
    {
        long bytes = breakdown.NativeBytes - (breakdown.FreedNativeBytes ?? 0)
            - (breakdown.Space?.StackBytes ?? 0) - (breakdown.Space?.SharedBytes ?? 0);
        return s_bound.IsReached(bytes, breakdown.ResidentBytes) ? Explain(bytes, breakdown.NativeHeap) : null;
    }

    /// <summary>Says how much it is.</summary>
    public static MemoryReportFinding Explain(long bytes, NativeHeapReading? heap) => new()
    {
        Cause = MemoryReportCause.NativeInUse,
        Bytes = bytes,
        Text = $"{ByteSize.Format(bytes)} of the process's memory are outside the managed "
            + "heap"
            + $"{(heap is { } known ? $"; native code has {ByteSize.Format(known.InUseBytes)} allocated with malloc" : "")}.",
        Advice = "No garbage collection reaches it. Look at native libraries, "
            + "undisposed handles and buffers (NativeMemory, Marshal.AllocHGlobal, images, compression, databases); "
            + "if it keeps growing, it is a leak.",
    };
}
