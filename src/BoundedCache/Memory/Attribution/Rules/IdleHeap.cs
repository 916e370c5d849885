namespace BoundedCache.Memory.Attribution.Rules;

/// <summary>From when on memory of the managed heap without objects is worth a sentence.</summary>
internal static class IdleHeap
{
    private static readonly Bound s_holes = new(32, 0.25);
    private static readonly Bound s_unused = new(64, 0.25);

    /// <summary>Whether holes and unused memory together are much.</summary>
    public static bool IsClear(MemoryEvidence evidence) => s_holes.IsReached(evidence.IdleBytes, evidence.HeapBytes);

    /// <summary>Whether holes are much.</summary>
    public static bool IsFragmented(MemoryEvidence evidence) => s_holes.IsReached(evidence.FragmentedBytes, evidence.HeapBytes);

    /// <summary>Whether unused memory is much, beyond the room for new objects. Even of that there are tens of MiB in a busy process.</summary>
    public static bool IsUnused(MemoryEvidence evidence) => s_unused.IsReached(evidence.SpareBytes, evidence.HeapBytes);
}
