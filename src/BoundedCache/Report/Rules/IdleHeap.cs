namespace BoundedCache.Report;

/// <summary>From when on memory of the managed heap without objects is worth a sentence.</summary>
internal static class IdleHeap
{
    private static readonly Bound s_holes = new(32, 0.25);
    private static readonly Bound s_unused = new(64, 0.25);

    /// <summary>Whether holes and unused memory together are much.</summary>
    public static bool IsClear(MemoryBreakdown breakdown) =>
        s_holes.IsReached(breakdown.IdleBytes, breakdown.HeapBytes);

    /// <summary>Whether holes are much.</summary>
    public static bool IsFragmented(MemoryBreakdown breakdown) =>
        s_holes.IsReached(breakdown.FragmentedBytes, breakdown.HeapBytes);

    /// <summary>
    /// Whether unused memory is much, beyond the room for new objects. Even of that there are tens
    /// of MiB in a busy process.
    /// </summary>
    public static bool IsUnused(MemoryBreakdown breakdown) =>
        s_unused.IsReached(breakdown.SpareBytes, breakdown.HeapBytes);
}
