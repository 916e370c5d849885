using System.Buffers;
using System.Diagnostics;

namespace BoundedCache.Bytes;

/// <summary>Values of several slabs: written and read without the lock, in pieces.</summary>
/// <remarks>
/// A writer takes the slabs, a part in each hold of the lock, fills them while nobody else knows them, and publishes
/// them. A reader has a lease: the slabs stay as they are, also when the entry is gone, until the last lease ends.
/// </remarks>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>
    /// From so many slabs on, a value's last one may keep pages that it does not need: what they are of the whole is
    /// not worth the calls into the system.
    /// </summary>
    private const int LeastUntrimmed = 8;

    private static int SlabsOf(long content) => (int)((content + SlabPool.DataSize - 1) / SlabPool.DataSize);

    /// <summary>Pages that the slabs of a value need.</summary>
    private long PagesOfChain(long content) =>
        (content / SlabPool.DataSize * (SlabPool.SmallSlab / _account.PageSize))
            + (content % SlabPool.DataSize is > 0 and long rest ? _account.PagesOf(rest + SlabPool.HeaderSize) : 0);

    /// <summary>Stores a value of several slabs.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, where it is a sequence.</param>
    /// <param name="span">The value, where it is a span.</param>
    /// <param name="length">The value's length.</param>
    /// <param name="expiration">When it expires.</param>
    private bool SetChain(
        in EncodedKey key,
        in ReadOnlySequence<byte> value,
        ReadOnlySpan<byte> span,
        int length,
        in EntryExpiration expiration)
    {
        ulong flags = key.Flags | expiration.Flags | Place.Chain;
        long pages = PagesOfChain((long)Place.HeaderOf(flags) + key.Bytes.Length + length);
        if (!TryHold(pages))
        {
            return Refuse(key);
        }

        try
        {
            return WriteChain(key, value, span, length, expiration) || Refuse(key);
        }
        finally
        {
            Hold(-pages);
        }
    }

    private bool WriteChain(
        in EncodedKey key,
        in ReadOnlySequence<byte> value,
        ReadOnlySpan<byte> span,
        int length,
        in EntryExpiration expiration)
    {
        ulong flags = key.Flags | expiration.Flags | Place.Chain;
        long content = (long)Place.HeaderOf(flags) + key.Bytes.Length + length;
        int first = -1;
        long written = 0;
        bool isPublished = false;
        try
        {
            if (!TryTakeSlabs(content, ref first))
            {
                return false;
            }

            byte* block = _pool.Address(first) + SlabPool.HeaderSize;
            written = content;
            WriteExpiration(block, flags, expiration);
            var at = new ChainCursor(this, block + Place.HeaderOf(flags));
            at.Write(key.Bytes);
            at.Write(span);
            var pieces = new PieceReader(value, length - span.Length);
            while (pieces.TryRead(out ReadOnlySpan<byte> piece))
            {
                at.Write(piece);
            }

            isPublished = Publish(key, Place.Pack(block, flags, key.Bytes.Length), length);
        }
        finally
        {
            if (!isPublished && first >= 0)
            {
                bool isBeyondLimit;
                using (_lock.EnterAlways())
                {
                    FreeSlabs_NeedsLock((SlabHeader*)_pool.Address(first), written);
                    GiveBackIfDisposed_NeedsLock();
                    isBeyondLimit = _account.Pages > _account.LimitPages;
                }

                GiveBackSoon(all: isBeyondLimit);
            }
        }

        return isPublished;
    }

    /// <summary>Takes slabs for so many bytes, and evicts for them.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="first">
    /// The first of the chain, -1 before. The caller frees what there is of it, also after an exception.
    /// </param>
    /// <returns>False where there is no room.</returns>
    private bool TryTakeSlabs(long content, ref int first)
    {
        int wanted = SlabsOf(content);
        int last = -1;
        int taken = 0;
        var search = new RoomSearch { Pool = _pool, Slabs = wanted, SqueezeAfter = long.MaxValue };
        while (true)
        {
            using (_lock.EnterAfterOthers())
            {
                ApplyTouchesForWrite_NeedsLock();
                for (int steps = Batch; steps > 0 && !IsDisposed;)
                {
                    long left = content - ((long)taken * SlabPool.DataSize);
                    int bytes = SlabPool.HeaderSize + (int)Math.Min(left, SlabPool.DataSize);
                    long refusals = _space.Refusals;
                    if (_pool.TryTake(_account.PagesOf(bytes), trim: wanted < LeastUntrimmed, out int slab))
                    {
                        last = Append_NeedsLock(slab, last);
                        first = first < 0 ? slab : first;
                        search.IsSqueezed = false;
                        steps--;
                        if (++taken == wanted)
                        {
                            return true;
                        }
                    }
                    else if (!TryMakeRoom_NeedsLock(
                        ref search, ByteOrder.None, _space.Refusals != refusals, ref steps))
                    {
                        return false;
                    }
                }

                if (IsDisposed)
                {
                    GiveBackIfDisposed_NeedsLock();
                    ThrowIfDisposed();
                }
            }
        }
    }

    private int Append_NeedsLock(int slab, int last)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        var header = (SlabHeader*)_pool.Address(slab);
        header->Class = ~slab;
        header->Link = -1;
        header->Leases = 0;
        if (last >= 0)
        {
            ((SlabHeader*)_pool.Address(last))->Link = slab;
        }

        return slab;
    }

    /// <summary>Delivers a value that the caller has a lease on, and ends the lease.</summary>
    private byte[]? ReadLeased(
        Place place, int length, IBufferWriter<byte>? destination, int index, long begin)
    {
        try
        {
            Touch(index, begin);
            var at = new ChainCursor(this, place.Block);
            at.Skip(place.Header + place.KeyLength);
            if (destination is null)
            {
                byte[] value = GC.AllocateUninitializedArray<byte>(length);
                for (int done = 0; done < length;)
                {
                    done += at.Read(value.AsSpan(done));
                }

                return value;
            }

            (destination as ISizedBufferWriter)?.Expect(length);
            for (int done = 0; done < length;)
            {
                int piece = Math.Min(length - done, SlabPool.SmallSlab);
                Span<byte> span = SpanOf(destination, piece)[..piece];
                for (int copied = 0; copied < piece;)
                {
                    copied += at.Read(span[copied..]);
                }

                destination.Advance(piece);
                done += piece;
            }

            return null;
        }
        finally
        {
            EndLease(place, length);
            GC.KeepAlive(_space);
        }
    }

    private void EndLease(Place place, int length)
    {
        bool isBeyondLimit;
        using (_lock.EnterAlways())
        {
            SlabHeader* header = _pool.HeaderOf(place.Block);
            int leases = --header->Leases;
            if ((leases & ~SlabHeader.Orphaned) == 0)
            {
                Hold(-PagesOfChain(place.SizeWith(length)));
            }

            if (leases != SlabHeader.Orphaned)
            {
                return;
            }

            FreeSlabs_NeedsLock(header, place.SizeWith(length));
            GiveBackIfDisposed_NeedsLock();
            isBeyondLimit = _account.Pages > _account.LimitPages;
        }

        GiveBackSoon(all: isBeyondLimit);
    }

    /// <summary>A place in the content of several slabs.</summary>
    private ref struct ChainCursor(ByteEngine engine, byte* at)
    {
        private byte* _at = at;

        public void Skip(int count)
        {
            while (count > 0)
            {
                int step = Math.Min(count, Left());
                _at += step;
                count -= step;
            }
        }

        public void Write(scoped ReadOnlySpan<byte> bytes)
        {
            while (bytes.Length > 0)
            {
                int step = Math.Min(bytes.Length, Left());
                bytes[..step].CopyTo(new Span<byte>(_at, step));
                _at += step;
                bytes = bytes[step..];
            }
        }

        public int Read(Span<byte> into)
        {
            int step = Math.Min(into.Length, Left());
            new ReadOnlySpan<byte>(_at, step).CopyTo(into);
            _at += step;
            return step;
        }

        /// <summary>Bytes left in the slab, after going on to the next where there are none.</summary>
        private int Left()
        {
            // An address at a slab's very end is the beginning of another one, so the end is one byte before.
            byte* end = (byte*)engine._pool.HeaderOf(_at - 1) + SlabPool.SmallSlab;
            if (_at == end)
            {
                _at = engine.NextSlab(_at - 1);
                end = (byte*)engine._pool.HeaderOf(_at) + SlabPool.SmallSlab;
            }

            return (int)(end - _at);
        }
    }
}
