namespace BoundedCache.Process;

/// <summary>
/// What the runtime lets this process's managed heap have where it has a hard limit, which in a container it
/// has, and whether caches fit.
/// </summary>
/// <param name="HeapLimitBytes">
/// The heap's hard limit. A process whose heap needs more is ended by the runtime, whatever it could throw out.
/// </param>
/// <param name="ContainerBytes">
/// The container's limit, of which the runtime takes three quarters unless told otherwise; null where it is not known.
/// </param>
internal readonly record struct HeapRoom(long HeapLimitBytes, long? ContainerBytes)
{
    /// <summary>
    /// A cache takes a quarter of its limit more than its limit while entries come and go: a fifth was measured at the
    /// peak of steady churn, and the rest is for the application's own objects (DESIGN.md).
    /// </summary>
    private const int ExtraPart = 4;

    /// <summary>The largest sum of limits that the heap can hold, in bytes.</summary>
    public long FittingBytes => HeapLimitBytes / (ExtraPart + 1) * ExtraPart;

    /// <summary>Reads the limits of this process.</summary>
    /// <returns>Null where the heap has no hard limit.</returns>
    public static HeapRoom? Read(ProcessMemory memory) =>
        memory.Collector.Settings.HeapHardLimitBytes is > 0 and long limit
            ? new HeapRoom(limit, ContainerLimit.Read(memory.Files))
            : null;

    /// <summary>
    /// Heap that caches with such limits need beyond what there is, in bytes; negative where they need less.
    /// </summary>
    public long MissingBytes(long limitsBytes)
    {
        long limits = Math.Min(limitsBytes, long.MaxValue / 2);
        return limits + (limits / ExtraPart) - HeapLimitBytes;
    }

    /// <summary>The limits that were found, as the subject of a sentence.</summary>
    public override string ToString() => ContainerBytes is long container
        ? $"The container has {ByteSize.Format(container)}, and the managed heap "
            + $"{ByteSize.Format(HeapLimitBytes)} of them"
        : $"The managed heap may have {ByteSize.Format(HeapLimitBytes)}";
}
