using BoundedCache.LoadService.Items;

namespace BoundedCache.LoadRuns.Runs;

/// <summary>How many items it takes.</summary>
internal static class Items
{
    /// <summary>
    /// What a cache takes for an item of middling size, at the least: item, its header, its key and a
    /// slot in a table, in bytes.
    /// </summary>
    private const int LeastEntryBytes = ((ItemSource.LeastBytes + ItemSource.MostBytes) / 2) + 24 + 48 + 54;

    /// <summary>
    /// Enough items to fill a cache and a tenth more, so that every cache is full, whatever it counts.
    /// </summary>
    public static int ToFill(long maxBytes) => (int)Math.Clamp(maxBytes / LeastEntryBytes * 11 / 10, 1, int.MaxValue);

    /// <summary>All that are asked for: a third more than fit, so that a full cache still misses.</summary>
    public static int InAll(long maxBytes) => (int)Math.Clamp(maxBytes / LeastEntryBytes * 4 / 3, 1, int.MaxValue);
}
