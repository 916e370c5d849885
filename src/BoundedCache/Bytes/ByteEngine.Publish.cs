using System.Diagnostics;

namespace BoundedCache.Bytes;

/// <summary>Making entries visible to readers.</summary>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>Whether a new entry's key was evicted a short while ago. Ask once.</summary>
    private bool TakeReturned_NeedsLock(in EncodedKey key, ulong place, int length) =>
        _marks is not null && _marks.TakeReturned(key.Hash, FootprintOf(new Place(place), length), _limit);

    private static void WriteExpiration(byte* block, ulong flags, in EntryExpiration expiration)
    {
        var header = (BlockHeader*)block;
        if ((flags & Place.Deadline) != 0)
        {
            header->Deadline = expiration.Deadline;
            if ((flags & Place.Sliding) != 0)
            {
                header->Window = expiration.Window;
                header->Absolute = expiration.Absolute;
            }
        }
    }

    /// <summary>Makes a written block an entry's content, new or instead of another.</summary>
    private void Publish_NeedsLock(int index, in EncodedKey key, ulong place, int length, bool returned)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        bool isNew = index == ByteOrder.None;
        index = isNew ? _table.Take() : index;
        ((BlockHeader*)new Place(place).Block)->Owner = index;
        ByteSlot* slot = _table.Slot(index);
        long bytes = FootprintOf(new Place(place), length);
        if (isNew)
        {
            slot->Hash = key.Hash;
            slot->Length = length;
            slot->Place = place;
            _table.Publish(index, bytes, returned);
        }
        else
        {
            var old = new Place(slot->Place);
            int oldLength = slot->Length;
            CountLeft_NeedsLock(old, oldLength, ByteRemoval.Replaced);
            ByteSlot.Begin(slot);
            slot->Length = length;
            slot->Place = place;
            ByteSlot.End(slot);
            FreeContent_NeedsLock(old, oldLength);
            _table.Order.Replaced(index, bytes);
        }

        CountStored_NeedsLock(place, bytes);
    }

    private void CountStored_NeedsLock(ulong flags, long bytes)
    {
        _insertions++;
        Volatile.Write(ref _cameBytes, _cameBytes + bytes);
        Volatile.Write(ref _count, _table.Count);
        if ((flags & Place.Deadline) != 0)
        {
            Volatile.Write(ref _expiring, _expiring + 1);
        }
    }

    /// <summary>Publishes content that was written without the lock.</summary>
    /// <returns>False where the limit leaves no room for its slot.</returns>
    private bool Publish(in EncodedKey key, ulong place, int length)
    {
        using (_lock.Enter())
        {
            ThrowIfDisposed();
            ApplyTouchesForWrite_NeedsLock();
            int index = Find_NeedsLock(key);
            bool returned = index == ByteOrder.None && TakeReturned_NeedsLock(key, place, length);
            while (index == ByteOrder.None && !_table.TryPrepare())
            {
                if (!TryEvict_NeedsLock(ByteOrder.None, ByteRemoval.Capacity))
                {
                    // Without entries this is little.
                    while (!Squeeze_NeedsLock())
                    {
                    }

                    if (_table.TryPrepare())
                    {
                        break;
                    }

                    return false;
                }
            }

            Publish_NeedsLock(index, key, place, length, returned);
            return true;
        }
    }
}
