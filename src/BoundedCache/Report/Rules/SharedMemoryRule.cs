namespace BoundedCache.Report;

/// <summary>Shared memory: memory files, segments, and what the runtime compiled.</summary>
internal sealed class SharedMemoryRule : IMemoryRule
{
    private static readonly Bound s_bound = new(64, 0.25);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown) =>
        breakdown.Space is not AddressSpace space || !s_bound.IsReached(space.SharedBytes, breakdown.ResidentBytes)
            ? null
            : new MemoryReportFinding
            {
                Cause = MemoryReportCause.SharedMemory,
                Bytes = space.SharedBytes,
                Text = $"{ByteSize.Format(space.SharedBytes)} are shared memory without a file on a disk.",
                Advice = "Look for memory-mapped files that were created without a path (MemoryMappedFile.CreateNew), "
                    + "files under /dev/shm, and dynamically compiled code that is never unloaded.",
            };
}
