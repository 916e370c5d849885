using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>What others may know of the engine's account and table.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>
    /// Bytes of the table: slots, links, buckets and deadlines, used or free. Read without the lock, so a chunk that
    /// comes or goes meanwhile may count or not.
    /// </summary>
    public long TableBytes =>
        ((long)_allocator.Capacity * (Unsafe.SizeOf<Slot>() + Unsafe.SizeOf<OrderNode>()))
        + _index.Bytes + _store.DeadlineBytes;

    /// <summary>
    /// Reads the account at one instant, under the lock: what came, less what left, is what is there.
    /// </summary>
    public EngineTotals ReadTotals()
    {
        Account ledger;
        using (_lock.Enter())
        {
            ledger = _account;
        }

        return new EngineTotals(ledger.Max, ledger.Used, ledger.Count, ledger.Insertions, new EvictionTotals
        {
            Capacity = ledger.Left(EvictionReason.Capacity) - ledger.Shrunk - ledger.Compacted,
            Shrink = ledger.Shrunk,
            Compact = ledger.Compacted,
            Expired = ledger.Left(EvictionReason.Expired),
            TokenExpired = ledger.Left(EvictionReason.TokenExpired),
            Removed = ledger.Left(EvictionReason.Removed),
            Replaced = ledger.Left(EvictionReason.Replaced),
        });
    }
}
