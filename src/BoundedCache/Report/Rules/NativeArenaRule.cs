namespace BoundedCache.Report;

/// <summary>The native allocator keeps what was freed, in arenas of which it makes up to eight a processor.</summary>
internal sealed class NativeArenaRule : IMemoryRule
{
    private static readonly Bound s_freed = new(32, 0.1);

    /// <summary>
    /// Where the allocator does not tell what is free: more than a plain application has in arenas at all.
    /// </summary>
    private static readonly Bound s_unknown = new(64, 0.25);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryBreakdown breakdown)
    {
        if (breakdown.Space is not AddressSpace space)
        {
            return null;
        }

        string arenas = space.Arenas == 0 ? "" : $" in {space.Arenas + 1} arenas";
        return breakdown.FreedNativeBytes is long freed
            ? s_freed.IsReached(freed, breakdown.ResidentBytes)
                ? Say(
                    freed,
                    $"The native allocator keeps up to {ByteSize.Format(freed)} that native code has freed{arenas}.")
                : null
            : space.Arenas > 0 && s_unknown.IsReached(space.AllocatorBytes, breakdown.ResidentBytes)
                ? Say(
                    space.AllocatorBytes,
                    $"The native allocator holds {ByteSize.Format(space.AllocatorBytes)}{arenas}, "
                        + "and does not tell how much of it is free.")
                : null;
    }

    private static MemoryReportFinding Say(long bytes, string text) => new()
    {
        Cause = MemoryReportCause.NativeArenas,
        Bytes = bytes,
        Text = text,
        Advice = "No garbage collection reaches it. Fewer arenas keep less (MALLOC_ARENA_MAX=2), malloc_trim(0) "
            + "gives back what is free, and jemalloc or mimalloc keep less from the start.",
    };
}
