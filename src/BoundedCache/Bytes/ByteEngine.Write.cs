using System.Buffers;
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

        // Asked once: with another length later, bytes would be published that nobody wrote.
        long length = value.Length;
        if (!Fits(encoded, length))
        {
            return Refuse(encoded);
        }

        if (LeastContent(encoded, length) > DenseBlocks.LargestContent)
        {
            return SetChain(encoded, value, default, (int)length, expiration);
        }

        byte[] copy = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            var at = new PieceReader(value, length);
            for (int end = 0; at.TryRead(out ReadOnlySpan<byte> piece); end += piece.Length)
            {
                piece.CopyTo(copy.AsSpan(end));
            }

            return Set(encoded, copy.AsSpan(0, (int)length), expiration);
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
            ? SetChain(key, default, value, value.Length, expiration)
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
        var search = default(RoomSearch);
        bool returned = false;
        while (!search.IsOver)
        {
            bool isFirst = search.Pool is null;
            using (isFirst ? _lock.Enter() : _lock.EnterAfterOthers())
            {
                ThrowIfDisposed();
                ApplyTouchesForWrite_NeedsLock();
                int index = Find_NeedsLock(key);
                if (index != ByteOrder.None && TryOverwrite_NeedsLock(index, key, value, flags, content, expiration))
                {
                    return true;
                }

                returned = isFirst
                    ? index == ByteOrder.None
                        && TakeReturned_NeedsLock(key, Place.Pack(null, flags, key.Bytes.Length), value.Length)
                    : returned;
                byte* block = TakeBlock_NeedsLock(key, content, ref index, ref search);
                if (block is null)
                {
                    continue;
                }

                WriteExpiration(block, flags, expiration);
                key.Bytes.CopyTo(new Span<byte>(block + Place.HeaderOf(flags), key.Bytes.Length));
                value.CopyTo(new Span<byte>(block + Place.HeaderOf(flags) + key.Bytes.Length, value.Length));
                Publish_NeedsLock(
                    index, key, Place.Pack(block, flags, key.Bytes.Length), value.Length, returned);
                return true;
            }
        }

        return Refuse(key);
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
        if (_clearFreed)
        {
            if (left > 0)
            {
                new Span<byte>(block + content, left).Clear();
            }

            if (Place.HeaderOf(flags) > sizeof(int))
            {
                // The gap before the deadline: key and value may have stood there.
                *(int*)(block + sizeof(int)) = 0;
            }
        }

        slot->Length = value.Length;
        slot->Place = Place.Pack(block, flags, key.Bytes.Length);
        ByteSlot.End(slot);
        long bytes = FootprintOf(new Place(slot->Place), value.Length);
        CountStored_NeedsLock(flags, bytes);
        _table.Order.Replaced(index, bytes);
        return true;
    }
}
