namespace BoundedCache.Process;

/// <summary>
/// The memory that this process can have, and whether the limits of caches fit in it: the managed heap's hard limit,
/// the container's limit, and the machine's memory. In a container with a memory limit the heap has a hard limit unless
/// it is configured otherwise.
/// </summary>
/// <param name="HeapLimitBytes">
/// The heap's hard limit; 0 where it has none. The runtime ends a process whose heap needs more, even if caches could
/// evict entries.
/// </param>
/// <param name="ContainerBytes">
/// The container's limit; by default the runtime takes three quarters of it for the heap. Null where there is none, or
/// it is not known.
/// </param>
internal readonly record struct HeapRoom(long HeapLimitBytes, long? ContainerBytes)
{
    private const long MiB = 1024 * 1024;

    /// <summary>
    /// The extra memory that caches need while entries come and go: one part in this many of their limits. It includes
    /// some room for the application's own objects.
    /// </summary>
    private const int ExtraPart = 4;

    /// <summary>What caches may take beyond that: the bound that the process is held to at any load.</summary>
    private const long LargestConstantBytes = 48 * MiB;

    /// <summary>The least that a small cache takes beyond twice its limit.</summary>
    private const long LeastConstantBytes = 8 * MiB;

    /// <summary>
    /// What caches in native memory may take beyond their limits: one part in this many. They leave no dead objects.
    /// </summary>
    private const int NativeExtraPart = 20;

    /// <summary>What a process takes without a cache: the runtime, code, stacks.</summary>
    private const long EmptyProcessBytes = 32 * MiB;

    private const string MachinePath = "/proc/meminfo";

    /// <summary>
    /// The container's <c>memory.high</c>, above which the kernel holds its processes up; null where there is none.
    /// </summary>
    public long? ContainerHighBytes { get; init; }

    /// <summary>The machine's memory; null where it is not known.</summary>
    public long? MachineBytes { get; init; }

    /// <summary>The part of the heap for small objects; 0 where the parts are not limited.</summary>
    public long SmallObjectBytes { get; init; }

    /// <summary>The part of the heap for large objects; 0 where the parts are not limited.</summary>
    public long LargeObjectBytes { get; init; }

    /// <summary>
    /// The part of the heap for objects that were allocated pinned; 0 where the parts are not limited. No other object
    /// may use it.
    /// </summary>
    public long PinnedObjectBytes { get; init; }

    /// <summary>Reads the limits of this process.</summary>
    /// <returns>Null where none is known.</returns>
    public static HeapRoom? Read(ProcessMemory memory)
    {
        CollectorSettings settings = memory.Collector.Settings;
        var room = new HeapRoom(settings.HeapHardLimitBytes, ContainerLimit.Read(memory.Files))
        {
            ContainerHighBytes = ContainerLimit.ReadHigh(memory.Files),
            MachineBytes = ReadMachine(memory),
            SmallObjectBytes = settings.SmallObjectLimitBytes,
            LargeObjectBytes = settings.LargeObjectLimitBytes,
            PinnedObjectBytes = settings.PinnedObjectLimitBytes,
        };
        return room == default ? null : room;
    }

    /// <summary>What caches with these limits need of the heap while entries come and go, in bytes.</summary>
    public static long NeedOf(long limitsBytes)
    {
        long limits = Math.Clamp(limitsBytes, 0, long.MaxValue / 4);
        return Math.Min(limits + (limits / ExtraPart) + LargestConstantBytes, (2 * limits) + LeastConstantBytes);
    }

    /// <summary>What caches in native memory with these limits need, in bytes.</summary>
    public static long NativeNeedOf(long limitsBytes)
    {
        long limits = Math.Clamp(limitsBytes, 0, long.MaxValue / 4);
        return limits + (limits / NativeExtraPart);
    }

    /// <summary>
    /// The bound of which most is missing, for caches with these limits; null where none is missed. The parts of the
    /// heap count only where no whole is missed: which part the values need is not known.
    /// </summary>
    /// <param name="limitsBytes">The sum of the limits of caches of objects.</param>
    /// <param name="nativeBytes">The sum of the limits of caches in native memory.</param>
    /// <param name="isMissed">Whether so much is missing that the bound counts as missed.</param>
    public RoomBound? FindWorst(long limitsBytes, long nativeBytes, Func<RoomBound, bool> isMissed)
    {
        var need = new RoomNeed(limitsBytes, 0);
        var allNeed = new RoomNeed(limitsBytes, nativeBytes);
        return Worst(
            (RoomKind.Heap, HeapLimitBytes > 0 ? HeapLimitBytes - PinnedObjectBytes : null, need),
            (RoomKind.Container, ContainerBytes - EmptyProcessBytes, allNeed),
            (RoomKind.ContainerHigh, ContainerHighBytes - EmptyProcessBytes, allNeed),
            (RoomKind.Machine, MachineBytes - EmptyProcessBytes, allNeed)) ?? Worst(
            (RoomKind.SmallObjects, SmallObjectBytes > 0 ? SmallObjectBytes : null, need),
            (RoomKind.LargeObjects, LargeObjectBytes > 0 ? LargeObjectBytes : null, need));

        RoomBound? Worst(params ReadOnlySpan<(RoomKind Kind, long? Bytes, RoomNeed Need)> known)
        {
            RoomBound? worst = null;
            foreach ((RoomKind kind, long? bytes, RoomNeed needed) in known)
            {
                // A bound that leaves nothing is one too; only one that is not known is none.
                if (bytes is long left
                    && new RoomBound(kind, Math.Max(0, left), needed) is var bound
                    && isMissed(bound)
                    && (worst is null || bound.MissingBytes > worst.Value.MissingBytes))
                {
                    worst = bound;
                }
            }

            return worst;
        }
    }

    private static long? ReadMachine(ProcessMemory memory)
    {
        Span<byte> buffer = stackalloc byte[1024];
        int length = memory.Files.Read(MachinePath, buffer);
        if (length > 0)
        {
            return new StatusFile(buffer[..length]).Find("MemTotal:"u8);
        }

        // Where the kernel does not tell, the runtime does. Under a hard limit it tells that instead.
        long available = memory.Collector.Settings.HeapHardLimitBytes == 0
            ? memory.Collector.ReadLast().AvailableBytes
            : 0;
        return available > 0 ? available : null;
    }

    /// <summary>The largest sum of limits whose need fits so many bytes, in whole MiB.</summary>
    internal static long FittingOf(long bytes, RoomNeed need)
    {
        if (need.NativeBytes == 0)
        {
            return FittingOf(bytes);
        }

        long fitting = 0;
        double native = need.NativeBytes / (double)need.LimitBytes;
        for (long step = 1L << 40; step > 0; step /= 2)
        {
            double limits = (fitting + step) * (double)MiB;
            if (limits < long.MaxValue / 4
                && new RoomNeed((long)(limits * (1 - native)), (long)(limits * native)).Bytes <= bytes)
            {
                fitting += step;
            }
        }

        return fitting * MiB;
    }

    internal static long FittingOf(long bytes) => Math.Max(
        0,
        Math.Max((bytes - LargestConstantBytes) / (ExtraPart + 1) * ExtraPart, (bytes - LeastConstantBytes) / 2)
            / MiB * MiB);
}

/// <summary>What bounds the memory of caches.</summary>
internal enum RoomKind
{
    /// <summary>The managed heap's hard limit.</summary>
    Heap,

    /// <summary>The part of the heap for small objects.</summary>
    SmallObjects,

    /// <summary>The part of the heap for large objects.</summary>
    LargeObjects,

    /// <summary>The container's limit.</summary>
    Container,

    /// <summary>The container's <c>memory.high</c>.</summary>
    ContainerHigh,

    /// <summary>The machine's memory.</summary>
    Machine,
}

/// <summary>One bound on the memory of caches, and what they need of it.</summary>
/// <param name="Kind">What bounds it.</param>
/// <param name="Bytes">What there is for caches, in bytes.</param>
/// <param name="Need">The caches' limits, and what they need.</param>
internal readonly record struct RoomBound(RoomKind Kind, long Bytes, RoomNeed Need)
{
    /// <summary>What they need, in bytes.</summary>
    public long NeedBytes => Need.Bytes;

    /// <summary>What is missing, in bytes; negative where they need less than there is.</summary>
    public long MissingBytes => NeedBytes - Bytes;

    /// <summary>The largest sum of limits, in the same proportion, that fits, in bytes.</summary>
    public long FittingBytes => HeapRoom.FittingOf(Bytes, Need);
}

/// <summary>The limits of caches, and what they need together.</summary>
/// <param name="HeapLimitBytes">The sum of the limits of caches of objects.</param>
/// <param name="NativeBytes">The sum of the limits of caches in native memory.</param>
internal readonly record struct RoomNeed(long HeapLimitBytes, long NativeBytes)
{
    /// <summary>The sum of all limits, in bytes.</summary>
    public long LimitBytes => HeapLimitBytes + Math.Min(NativeBytes, long.MaxValue - HeapLimitBytes);

    /// <summary>What they need while entries come and go, in bytes.</summary>
    public long Bytes => (HeapLimitBytes > 0 || NativeBytes == 0 ? HeapRoom.NeedOf(HeapLimitBytes) : 0)
        + HeapRoom.NativeNeedOf(NativeBytes);
}
