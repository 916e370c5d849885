using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Looking at all entries.</summary>
internal sealed partial class CacheEngine
{
    // One for each enumeration under way. While there are any no entry moves: one that moved from a chunk not yet seen
    // to one already seen would be missed.
    private readonly List<InsertedSlots> _enumerations = [];

    private bool MayMove => _enumerations.Count == 0;

    /// <summary>
    /// The keys of all entries: each that is there from beginning to end, once; of those that leave meanwhile, some; of
    /// those that come, none. One chunk per hold of the lock.
    /// </summary>
    public List<object> SnapshotKeys()
    {
        var keys = new List<object>(Count);
        InsertedSlots newcomers;
        using (_lock.Enter())
        {
            newcomers = new InsertedSlots(_allocator.Numbers);
            _enumerations.Add(newcomers);
        }

        try
        {
            for (int chunk = 1; chunk < newcomers.Chunks; chunk++)
            {
                AddKeys(chunk, newcomers, keys);
            }
        }
        finally
        {
            using (_lock.Enter())
            {
                _enumerations.Remove(newcomers);
            }
        }

        return keys;
    }

    /// <summary>The keys of one priority from the most to the least recently used. For tests.</summary>
    internal List<object> KeysInOrder(CacheItemPriority priority)
    {
        using (_lock.Enter())
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

    private void NoteNewcomer(int index)
    {
        foreach (InsertedSlots newcomers in _enumerations)
        {
            newcomers.Note(index);
        }
    }

    private void AddKeys(int chunk, InsertedSlots newcomers, List<object> keys)
    {
        using (_lock.EnterAfterOthers())
        {
            ChunkState state = _allocator.State(chunk);
            int first = chunk << SlotStore.ChunkShift;
            for (int index = first; index < first + state.Fresh; index++)
            {
                if (_store.Link(index).IsInUse && !newcomers.Contains(index))
                {
                    keys.Add(_store.Slot(index).Key!);
                }
            }
        }
    }
}
