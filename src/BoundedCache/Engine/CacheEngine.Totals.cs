using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>The engine's figures.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>
    /// Bytes of the table: slots, nodes, buckets and deadlines, used or free. Read without the lock, so a chunk that is
    /// added or dropped meanwhile may count or not.
    /// </summary>
    public long TableBytes =>
        ((long)_allocator.Capacity * _store.BytesPerSlot) + _index.Bytes + _store.DeadlineBytes + _order.Bytes;

    /// <summary>
    /// Reads the account at one instant, under the lock, so that its figures agree.
    /// </summary>
    public EngineTotals ReadTotals()
    {
        Account account;
        using (_lock.Enter())
        {
            account = _account;
        }

        return new EngineTotals(account.Max, account.Used, account.Count, account.Insertions, new EvictionTotals
        {
            Capacity = account.Left(EvictionReason.Capacity) - account.Shrunk - account.Compacted,
            Shrink = account.Shrunk,
            Compact = account.Compacted,
            Expired = account.Left(EvictionReason.Expired),
            TokenExpired = account.Left(EvictionReason.TokenExpired),
            Removed = account.Left(EvictionReason.Removed),
            Replaced = account.Left(EvictionReason.Replaced),
        });
    }
}
