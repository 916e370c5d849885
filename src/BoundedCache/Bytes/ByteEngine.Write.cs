using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Bytes;

/// <summary>Writes: under the lock, except the copying of values of several slabs.</summary>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>
    /// Bytes, beside twice what it needs, that a write evicts before pages that hold nothing are given back for it.
    /// </summary>
    private const long SqueezeAfter = 256 * 1024;

    /// <summary>Values that were not stored because they did not fit.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    private long _refused;

    /// <summary>Stores a value. An entry that has the key is replaced, also where the value is refused.</summary>
    /// <returns>False where it does not fit.</returns>
    [SkipLocalsInit]
    public bool Set(ReadOnlySpan<char> key, ReadOnlySpan<byte> value, in EntryExpiration expiration)
    {
        ThrowIfDisposed();
        Span<byte> buffer = stackalloc byte[EncodedKey.StackBytes];
        using var encoded = new EncodedKey(key, buffer);
        return Set(encoded, value, expiration);
    }

    /// <summary>Stores a value of several pieces. They are read without the lock.</summary>
    /// <returns>False where it does not fit.</returns>
    [SkipLocalsInit]
    public bool Set(ReadOnlySpan<char> key, in ReadOnlySequence<byte> value, in EntryExpiration expiration)
    {
        ThrowIfDisposed();
        Span<byte> buffer = stackalloc byte[EncodedKey.StackBytes];
        using var encoded = new EncodedKey(key, buffer);
        if (value.IsSingleSegment)
        {
            return Set(encoded, value.FirstSpan, expiration);
        }

        long content = LeastContent(encoded, value.Length);
        if (!Fits(encoded, value.Length))
        {
            return Refuse(encoded);
        }

        if (content > DenseBlocks.LargestContent)
        {
            return SetChain(encoded, value, default, expiration);
        }

        byte[] copy = ArrayPool<byte>.Shared.Rent((int)value.Length);
        try
        {
            var at = new PieceReader(value);
            for (int end = 0; at.TryRead(out ReadOnlySpan<byte> piece); end += piece.Length)
            {
                piece.CopyTo(copy.AsSpan(end));
            }

            return Set(encoded, copy.AsSpan(0, (int)value.Length), expiration);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy, clearArray: _clearFreed);
        }
    }

    private static long LeastContent(in EncodedKey key, long length) =>
        (long)sizeof(BlockHeader) + key.Bytes.Length + length;

    private bool Set(in EncodedKey key, ReadOnlySpan<byte> value, in EntryExpiration expiration)
    {
        if (!Fits(key, value.Length))
        {
            return Refuse(key);
        }

        return LeastContent(key, value.Length) > DenseBlocks.LargestContent
            ? SetChain(key, default, value, expiration)
            : SetSmall(key, value, expiration);
    }

    /// <summary>Whether a value could be stored in an empty cache.</summary>
    private bool Fits(in EncodedKey key, long length)
    {
        if (key.IsTooLong || length > Array.MaxLength)
        {
            return false;
        }

        long content = (long)sizeof(int) + key.Bytes.Length + length;
        long slabs = content / SlabPool.DataSize;
        long pages = (slabs * (SlabPool.SmallSlab / _account.PageSize)) + ByteTable.FewestPages
            + (content % SlabPool.DataSize is > 0 and long rest
                ? _account.PagesOf(rest + SlabPool.HeaderSize)
                : 0);
        return pages <= LimitBytes / _account.PageSize;
    }

    /// <summary>Counts a value that was not stored. What it should have replaced is out of date, and goes.</summary>
    private bool Refuse(in EncodedKey key)
    {
        Interlocked.Increment(ref _refused);
        using (_lock.Enter())
        {
            ThrowIfDisposed();
            if (Find_NeedsLock(key) is not ByteOrder.None and int index)
            {
                RemoveAt_NeedsLock(index, ByteRemoval.Replaced);
            }
        }

        return false;
    }

    private bool SetSmall(in EncodedKey key, ReadOnlySpan<byte> value, in EntryExpiration expiration)
    {
        ulong flags = key.Flags | expiration.Flags;
        int content = Place.HeaderOf(flags) + key.Bytes.Length + value.Length;
        bool isStored;
        using (_lock.Enter())
        {
            ThrowIfDisposed();
            ApplyTouchesForWrite_NeedsLock();
            int index = Find_NeedsLock(key);
            if (index != ByteOrder.None && TryOverwrite_NeedsLock(index, key, value, flags, content, expiration))
            {
                return true;
            }

            byte* block = TakeBlock_NeedsLock(key, content, ref index);
            isStored = block is not null;
            if (isStored)
            {
                WriteExpiration(block, flags, expiration);
                key.Bytes.CopyTo(new Span<byte>(block + Place.HeaderOf(flags), key.Bytes.Length));
                value.CopyTo(new Span<byte>(block + Place.HeaderOf(flags) + key.Bytes.Length, value.Length));
                Publish_NeedsLock(index, key, Place.Pack(block, flags, key.Bytes.Length), value.Length);
            }
        }

        return isStored || Refuse(key);
    }

    /// <summary>Writes a value over one of the same size class.</summary>
    private bool TryOverwrite_NeedsLock(
        int index,
        in EncodedKey key,
        ReadOnlySpan<byte> value,
        ulong flags,
        int content,
        in EntryExpiration expiration)
    {
        ByteSlot* slot = _table.Slot(index);
        var place = new Place(slot->Place);
        if (place.IsChain
            || DenseBlocks.ClassFor(content) != DenseBlocks.ClassFor((int)place.SizeWith(slot->Length)))
        {
            return false;
        }

        CountLeft_NeedsLock(place, slot->Length, ByteRemoval.Replaced);
        int left = (int)place.SizeWith(slot->Length) - content;
        ByteSlot.Begin(slot);
        byte* block = place.Block;
        WriteExpiration(block, flags, expiration);
        if (place.Header != Place.HeaderOf(flags))
        {
            key.Bytes.CopyTo(new Span<byte>(block + Place.HeaderOf(flags), key.Bytes.Length));
        }

        value.CopyTo(new Span<byte>(block + Place.HeaderOf(flags) + key.Bytes.Length, value.Length));
        if (_clearFreed && left > 0)
        {
            new Span<byte>(block + content, left).Clear();
        }

        slot->Length = value.Length;
        slot->Place = Place.Pack(block, flags, key.Bytes.Length);
        ByteSlot.End(slot);
        CountStored_NeedsLock(flags, value.Length);
        _table.Order.MoveToHead(index);
        return true;
    }

    /// <summary>Takes a block and makes sure of a slot, and evicts for both.</summary>
    /// <param name="key">The key.</param>
    /// <param name="content">Bytes of the block.</param>
    /// <param name="index">
    /// The entry that is to be replaced; 0 where there is none, or it was evicted. Evictions may move its slot.
    /// </param>
    /// <returns>The block; null where there is no room.</returns>
    private byte* TakeBlock_NeedsLock(in EncodedKey key, int content, ref int index)
    {
        if (index != ByteOrder.None)
        {
            _table.Order.MoveToHead(index);
        }

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

            if (_table.Order.Tail != ByteOrder.None)
            {
                RemoveAt_NeedsLock(_table.Order.Tail, ByteRemoval.Capacity);
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
    private void Publish_NeedsLock(int index, in EncodedKey key, ulong place, int length)
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
            _table.Publish(index);
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
            _table.Order.MoveToHead(index);
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
            while (index == ByteOrder.None && !_table.TryPrepare())
            {
                if (_table.Order.Tail == ByteOrder.None)
                {
                    Squeeze_NeedsLock();
                    if (_table.TryPrepare())
                    {
                        break;
                    }

                    return false;
                }

                RemoveAt_NeedsLock(_table.Order.Tail, ByteRemoval.Capacity);
            }

            Publish_NeedsLock(index, key, place, length);
            return true;
        }
    }
}
