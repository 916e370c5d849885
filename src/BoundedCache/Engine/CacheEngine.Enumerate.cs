using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Looking at all entries.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>
    /// The keys of all entries: each that is there from beginning to end, once; of those that come or go meanwhile, some. One chunk per
    /// hold of the lock.
    /// </summary>
    public List<object> SnapshotKeys()
    {
        var keys = new List<object>(Count);

        // An entry that moves from a chunk not yet seen to one already seen would be missed.
        using (_gate.Enter())
        {
            _movesPaused++;
        }

        try
        {
            for (int chunk = 1; AddKeys(chunk, keys); chunk++)
            {
            }
        }
        finally
        {
            using (_gate.Enter())
            {
                _movesPaused--;
            }
        }

        return keys;
    }

    /// <summary>The keys of one priority from the most to the least recently used. For tests.</summary>
    internal List<object> KeysInOrder(CacheItemPriority priority)
    {
        using (_gate.Enter())
        {
            ApplyTouches();
            var keys = new List<object>();
            for (int index = _order.Head(priority); index != AccessOrder.None; index = _store.Link(index).Older)
            {
                keys.Add(_store.Slot(index).Key!);
            }

            return keys;
        }
    }

    private bool AddKeys(int chunk, List<object> keys)
    {
        using (_gate.EnterAfterOthers())
        {
            if (chunk >= _allocator.Numbers)
            {
                return false;
            }

            ChunkState state = _allocator.State(chunk);
            int first = chunk << SlotStore.ChunkShift;
            for (int index = first; index < first + state.Fresh; index++)
            {
                if (_store.Link(index).IsInUse)
                {
                    keys.Add(_store.Slot(index).Key!);
                }
            }

            return true;
        }
    }
}
