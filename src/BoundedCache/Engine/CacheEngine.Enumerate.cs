using System.Diagnostics;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Enumerating all entries.</summary>
internal sealed partial class CacheEngine
{
    // One for each enumeration that is running. While there is one, no entry moves: the enumeration would miss an entry
    // that moved from a chunk not yet seen to one already seen.
    private readonly List<InsertedSlots> _enumerations = [];

    private bool MayMove => _enumerations.Count == 0;

    /// <summary>
    /// The keys of all entries. An entry that is there from beginning to end is listed once; one that is removed
    /// meanwhile, perhaps; one that is inserted meanwhile, never. One chunk per hold of the lock.
    /// </summary>
    public List<object> SnapshotKeys()
    {
        var keys = new List<object>(Count);
        InsertedSlots inserted;
        using (_lock.Enter())
        {
            inserted = new InsertedSlots(_allocator.Numbers);
            _enumerations.Add(inserted);
        }

        try
        {
            for (int chunk = 1; chunk < inserted.Chunks; chunk++)
            {
                AddKeys(chunk, inserted, keys);
            }
        }
        finally
        {
            using (_lock.EnterAlways())
            {
                _enumerations.Remove(inserted);
            }
        }

        return keys;
    }

    /// <summary>The keys of one priority, each list from the newest to the oldest. For tests.</summary>
    internal List<object> KeysInOrder(CacheItemPriority priority)
    {
        using (_lock.Enter())
        {
            ApplyTouches_NeedsLock();
            var keys = new List<object>();
            foreach (OrderedList list in _order.Lists().Where(list => list.Priority == priority))
            {
                for (int index = list.Head; index != AccessOrder.None; index = _store.Node(index).Older)
                {
                    keys.Add(_store.Slot(index).Key!);
                }
            }

            return keys;
        }
    }

    private void NoteInserted_NeedsLock(int index)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        foreach (InsertedSlots inserted in _enumerations)
        {
            inserted.Note(index);
        }
    }

    private void AddKeys(int chunk, InsertedSlots inserted, List<object> keys)
    {
        using (_lock.EnterAfterOthers())
        {
            ChunkState state = _allocator.State(chunk);
            int first = chunk << SlotStore.ChunkShift;
            for (int index = first; index < first + state.Fresh; index++)
            {
                if (_store.Node(index).IsInUse && !inserted.Contains(index))
                {
                    keys.Add(_store.Slot(index).Key!);
                }
            }
        }
    }
}

/// <summary>
/// The slots into which an entry was inserted since an enumeration of keys began, one bit per slot. Without them the
/// enumeration would list a key twice that is removed behind it and stored again ahead of it. Guarded by the engine's
/// lock.
/// </summary>
internal sealed class InsertedSlots(int chunks)
{
    private const int WordShift = 6;

    private readonly ulong[]?[] _words = new ulong[]?[chunks];

    /// <summary>
    /// Chunks that existed when the enumeration began. All entries in later chunks were inserted since.
    /// </summary>
    public int Chunks => _words.Length;

    public void Note(int index)
    {
        int chunk = index >> SlotStore.ChunkShift;
        if (chunk < _words.Length)
        {
            ulong[] words = _words[chunk] ??= new ulong[SlotStore.ChunkSize >> WordShift];
            // A shift counts modulo 64, the bits of a word.
            words[(index & SlotStore.ChunkMask) >> WordShift] |= 1UL << index;
        }
    }

    public bool Contains(int index) =>
        _words[index >> SlotStore.ChunkShift] is { } words
        && (words[(index & SlotStore.ChunkMask) >> WordShift] & (1UL << index)) != 0;
}
