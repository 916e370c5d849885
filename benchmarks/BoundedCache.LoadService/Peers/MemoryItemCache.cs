using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.LoadService.Peers;

/// <summary>
/// Microsoft's MemoryCache. Its limit is fixed, so a lower one is what its operator can make of it: removing the share
/// of the entries that is too many, once. It counts what callers declare, and is told what it keeps alive.
/// </summary>
internal sealed class MemoryItemCache(long maxBytes) : IItemCache
{
    /// <summary>Of an array of bytes, in bytes.</summary>
    private const int ArrayHeaderBytes = 24;

    /// <summary>Of a key of 13 characters, in bytes.</summary>
    private const int KeyBytes = 48;

    /// <summary>What MemoryCache itself keeps for an entry, in bytes: measured, benchmarks/README.md.</summary>
    private const int EntryBytes = 163;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = maxBytes, TrackStatistics = true });

    public ValueTask<byte[]?> GetAsync(string key) =>
        new(_cache.TryGetValue(key, out object? value) ? (byte[]?)value : null);

    public ValueTask SetAsync(string key, byte[] item)
    {
        using ICacheEntry entry = _cache.CreateEntry(key);
        entry.Size = item.Length + ArrayHeaderBytes + KeyBytes + EntryBytes;
        entry.Value = item;
        return ValueTask.CompletedTask;
    }

    public Task<CacheFigures> ReadAsync()
    {
        MemoryCacheStatistics statistics = _cache.GetCurrentStatistics()!;
        return Task.FromResult(
            new CacheFigures(maxBytes, statistics.CurrentEstimatedSize ?? 0, statistics.CurrentEntryCount));
    }

    public async Task<string> SetLimitAsync(long newMaxBytes)
    {
        CacheFigures figures = await ReadAsync();
        double share = Math.Max(0, 1 - (newMaxBytes / (double)Math.Max(1, figures.UsedBytes)));
        if (share == 0)
        {
            return "nothing: SizeLimit is fixed, and it holds less";
        }

        _cache.Compact(share);
        return FormattableString.Invariant($"Compact({share:0.00})");
    }

    public ValueTask DisposeAsync()
    {
        _cache.Dispose();
        return ValueTask.CompletedTask;
    }
}
