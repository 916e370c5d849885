namespace BoundedCache.Engine;

/// <summary>
/// The account of the engine at one instant: what it holds, and what came and left since it was made.
/// </summary>
internal readonly record struct EngineTotals(
    long MaxBytes, long UsedBytes, int Count, long Insertions, EvictionTotals Evictions);
