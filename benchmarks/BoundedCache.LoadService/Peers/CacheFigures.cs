namespace BoundedCache.LoadService.Peers;

/// <summary>What a cache says of itself: its limit and its own count of bytes, and the number of its entries.</summary>
internal sealed record CacheFigures(long MaxBytes, long UsedBytes, long Entries)
{
    /// <summary>The limit that holds; null for a cache that knows no other.</summary>
    public long? EffectiveMaxBytes { get; init; }
}
