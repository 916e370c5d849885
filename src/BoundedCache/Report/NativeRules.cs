using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>The rules about memory that is neither managed nor a file's.</summary>
internal static class NativeRules
{
    private static readonly Bound s_freed = new(32, 0.1);

    /// <summary>
    /// For an allocator that does not report its free memory: more than a plain application has in all its arenas.
    /// </summary>
    private static readonly Bound s_arenas = new(64, 0.25);

    private static readonly Bound s_inUse = new(64, 1.0 / 3);
    private static readonly Bound s_stacks = new(32, 0.1);
    private static readonly Bound s_shared = new(64, 0.25);
    private static readonly Bound s_hugePages = new(64, 0.25);

    public static IEnumerable<MemoryReportFinding?> Check(MemoryBreakdown breakdown) =>
        [
            CheckArenas(breakdown),
            CheckInUse(breakdown),
            CheckStacks(breakdown),
            CheckShared(breakdown),
            CheckHugePages(breakdown),
        ];

    /// <summary>The finding about native memory in use.</summary>
    /// <param name="bytes">Its size in bytes.</param>
    /// <param name="heap">The native allocator's own figures; null where they are not known.</param>
    /// <param name="foreign">The allocator that native code uses instead of the C library's; null for that.</param>
    public static MemoryReportFinding ExplainInUse(long bytes, NativeHeapReading? heap, string? foreign = null)
    {
        string allocated = heap is { } known
            ? $"; native code has {ByteSize.Format(known.InUseBytes)} allocated with malloc"
            : foreign is not null
            ? $"; native code allocates with {foreign}, whose figures are not known"
            : "";
        return new MemoryReportFinding
        {
            Cause = MemoryReportCause.NativeInUse,
            Bytes = bytes,
            Text = $"{ByteSize.Format(bytes)} of the process's memory are outside the managed heap{allocated}.",
            Advice = "No garbage collection reaches it. Look at native libraries, "
                + "undisposed handles and buffers (NativeMemory, Marshal.AllocHGlobal, images, compression, "
                + "databases); if it keeps growing, it is a leak.",
        };
    }

    /// <summary>The native allocator keeps what was freed. It makes up to eight arenas for each processor.</summary>
    private static MemoryReportFinding? CheckArenas(MemoryBreakdown breakdown)
    {
        // Another allocator's memory does not lie in the C library's arenas.
        if (breakdown.Space is not AddressSpace space || breakdown.ForeignAllocator is not null)
        {
            return null;
        }

        string arenas = space.Arenas == 0 ? "" : $" in {space.Arenas + 1} arenas";
        if (breakdown.FreedNativeBytes is long freed)
        {
            return s_freed.IsReached(freed, breakdown.ResidentBytes)
                ? ExplainArenas(
                    freed,
                    $"The native allocator keeps up to {ByteSize.Format(freed)} that native code has freed{arenas}.")
                : null;
        }

        return space.Arenas > 0 && s_arenas.IsReached(space.AllocatorBytes, breakdown.ResidentBytes)
            ? ExplainArenas(
                space.AllocatorBytes,
                $"The native allocator holds {ByteSize.Format(space.AllocatorBytes)}{arenas}, "
                    + "and does not tell how much of it is free.")
            : null;
    }

    private static MemoryReportFinding ExplainArenas(long bytes, string text) => new()
    {
        Cause = MemoryReportCause.NativeArenas,
        Bytes = bytes,
        Text = text,
        Advice = "No garbage collection reaches it. Fewer arenas keep less (MALLOC_ARENA_MAX=2), malloc_trim(0) "
            + "gives back what is free, and jemalloc or mimalloc keep less from the start.",
    };

    /// <summary>Much native memory that is neither freed, nor stacks, nor shared.</summary>
    private static MemoryReportFinding? CheckInUse(MemoryBreakdown breakdown)
    {
        long bytes = breakdown.NativeBytes - (breakdown.FreedNativeBytes ?? 0)
            - (breakdown.Space?.StackBytes ?? 0) - (breakdown.Space?.SharedBytes ?? 0) - breakdown.ByteCacheBytes;
        return s_inUse.IsReached(bytes, breakdown.ResidentBytes)
            ? ExplainInUse(bytes, breakdown.NativeHeap, breakdown.ForeignAllocator)
            : null;
    }

    /// <summary>
    /// Stacks of many or deep threads. Their pages stay resident while the thread lives, even when it is shallow again.
    /// </summary>
    private static MemoryReportFinding? CheckStacks(MemoryBreakdown breakdown) =>
        breakdown.Space is not AddressSpace space || !s_stacks.IsReached(space.StackBytes, breakdown.ResidentBytes)
            ? null
            : new MemoryReportFinding
            {
                Cause = MemoryReportCause.ThreadStacks,
                Bytes = space.StackBytes,
                Text = $"{ByteSize.Format(space.StackBytes)} are stacks of "
                    + $"{(breakdown.Threads == 0 ? "" : $"{breakdown.Threads} ")}threads.",
                Advice = "Have fewer threads, and do not block them (blocking calls make the thread pool add threads); "
                    + "keep recursion and stackalloc shallow on long-lived ones.",
            };

    /// <summary>Memory files, shared segments, and the code that the runtime compiled.</summary>
    private static MemoryReportFinding? CheckShared(MemoryBreakdown breakdown) =>
        breakdown.Space is not AddressSpace space || !s_shared.IsReached(space.SharedBytes, breakdown.ResidentBytes)
            ? null
            : new MemoryReportFinding
            {
                Cause = MemoryReportCause.SharedMemory,
                Bytes = space.SharedBytes,
                Text = $"{ByteSize.Format(space.SharedBytes)} are shared memory without a file on a disk.",
                Advice = "Look for memory-mapped files that were created without a path (MemoryMappedFile.CreateNew), "
                    + "files under /dev/shm, and dynamically compiled code that is never unloaded.",
            };

    /// <summary>Transparent huge pages: 2 MiB become resident where a few KiB are used.</summary>
    private static MemoryReportFinding? CheckHugePages(MemoryBreakdown breakdown) =>
        breakdown.Space is not AddressSpace space
        || !s_hugePages.IsReached(space.HugePageBytes, breakdown.ResidentBytes)
            ? null
            : new MemoryReportFinding
            {
                Cause = MemoryReportCause.HugePages,
                Bytes = space.HugePageBytes,
                Text = $"{ByteSize.Format(space.HugePageBytes)} are in transparent huge pages, which are resident as a "
                    + "whole however little of them is used.",
                Advice = "Set them to madvise (/sys/kernel/mm/transparent_hugepage/enabled), "
                    + "and look for who asks for them with madvise(2).",
            };
}
