namespace BoundedCache.TwoTier;

/// <summary>The answer of <c>/state</c>.</summary>
/// <param name="MaxMemoryBytes">The limit of the first level.</param>
/// <param name="UsedMemoryBytes">The charge of its entries.</param>
/// <param name="Entries">The number of its entries.</param>
/// <param name="SourceReads">The number of reads from the slow source since the node started.</param>
/// <param name="IsRedisConnected">Whether the second level can be reached.</param>
internal sealed record NodeState(
    long MaxMemoryBytes, long UsedMemoryBytes, int Entries, long SourceReads, bool IsRedisConnected);
