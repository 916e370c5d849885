using System.Diagnostics;

namespace BoundedCache.Bytes;

/// <summary>Room for new entries, and making them visible to readers.</summary>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>Takes a block and makes sure of a slot, and evicts for both.</summary>
    /// <param name="key">The key.</param>
    /// <param name="content">Bytes of the block.</param>
    /// <param name="index">
    /// The entry that is to be replaced; 0 where there is none, or it was evicted. Evictions may move its slot.
    /// </param>
    /// <returns>The block; null where there is no room.</returns>
    private byte* TakeBlock_NeedsLock(in EncodedKey key, int content, ref int index)
    {
        bool isSqueezed = false;
        bool isReplaced = index != ByteOrder.None;
        long squeezeAfter = (2L * content) + Math.Min(SqueezeAfter, LimitBytes / 16);
        long credited = _creditedBytes;
        while (true)
        {
            if (index != ByteOrder.None || _table.TryPrepare())
            {
                byte* block = _blocks.TryTake(DenseBlocks.ClassFor(content));
                if (block is not null)
                {
                    return block;
                }
            }

            if (_blocks.HasRoomInHoles)
            {
                _ = _blocks.Fill(Batch);
                continue;
            }

            if (TryEvict_NeedsLock(index, ByteRemoval.Capacity))
            {
                if (_creditedBytes - credited > squeezeAfter)
                {
                    Squeeze_NeedsLock();
                    credited = _creditedBytes;
                }
            }
            else if (isSqueezed)
            {
                return null;
            }
            else
            {
                Squeeze_NeedsLock();
                isSqueezed = true;
            }

            index = isReplaced ? Find_NeedsLock(key) : ByteOrder.None;
        }
    }

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

    /// <summary>Makes a written block an entry's content, new or in place of another.</summary>
    private void Publish_NeedsLock(int index, in EncodedKey key, ulong place, int length, bool returned)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        bool isNew = index == ByteOrder.None;
        index = isNew ? _table.Take() : index;
        ((BlockHeader*)new Place(place).Block)->Owner = index;
        ByteSlot* slot = _table.Slot(index);
        if (isNew)
        {
            slot->Hash = key.Hash;
            slot->Length = length;
            slot->Place = place;
            _table.Publish(index, FootprintOf(new Place(place), length), returned);
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
            _table.Order.Replaced(index, FootprintOf(new Place(place), length));
        }

        CountStored_NeedsLock(place, length);
    }

    private void CountStored_NeedsLock(ulong flags, int length)
    {
        _insertions++;
        Volatile.Write(ref _cameBytes, _cameBytes + length + ByteSlot.Size);
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
                    Squeeze_NeedsLock();
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
