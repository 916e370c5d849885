using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using BoundedCache.Engine;

namespace BoundedCache.Bytes;

/// <summary>Removals.</summary>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>Slots that a walk looks at in one hold of the lock.</summary>
    private const int WalkSlots = 512;

    /// <summary>Bytes of a value that take a walk about as long as a slot, so that one hold stays short.</summary>
    private const int BytesPerLook = 1024;

    /// <summary>Removes an entry.</summary>
    /// <returns>Whether there was one that had not expired.</returns>
    [SkipLocalsInit]
    public bool Remove(ReadOnlySpan<char> key)
    {
        ThrowIfDisposed();
        Span<byte> buffer = stackalloc byte[EncodedKey.StackBytes];
        using var encoded = new EncodedKey(key, buffer);
        using (EnterAndFindLive(encoded, default, slides: false, out int index))
        {
            ThrowIfDisposed();
            if (index == ByteOrder.None)
            {
                return false;
            }

            RemoveAt_NeedsLock(index, ByteRemoval.Removed);
        }

        GiveBackSoon(all: false);
        return true;
    }

    /// <summary>
    /// Removes all entries that there are, and gives their memory back. One pass: it ends also while others write.
    /// </summary>
    public void Clear()
    {
        BeginBulk();
        try
        {
            _ = RemoveWhere(ByteRemoval.Removed, static (_, _) => true);
        }
        finally
        {
            EndBulk();
        }

        GiveBack(all: true);
    }

    /// <summary>Removes the entries whose keys begin with a text, compared character by character.</summary>
    /// <returns>How many entries were removed.</returns>
    public int RemoveByPrefix(ReadOnlySpan<char> prefix)
    {
        ThrowIfDisposed();
        if (prefix.Length > Place.LongestKey)
        {
            return 0;
        }

        byte[] wide = MemoryMarshal.AsBytes(prefix).ToArray();
        byte[]? narrow = prefix.ContainsAnyExceptInRange('\0', '\xff')
            ? null
            : Encoding.Latin1.GetBytes(prefix.ToArray());
        return RemoveWhere(
            ByteRemoval.Removed, (place, _) => (place.IsWide ? wide : narrow) is { } start && KeyStarts(place, start));
    }

    /// <summary>
    /// Removes the entries whose values begin with bytes that match. The match is code of this library: it runs under
    /// the lock.
    /// </summary>
    /// <param name="match">
    /// Gets the beginning of a value, which is all of it, or of a large one what lies in its first slab; and the length
    /// of all of it.
    /// </param>
    /// <returns>How many entries were removed.</returns>
    public int RemoveByValue(Func<ReadOnlySpan<byte>, int, bool> match)
    {
        ThrowIfDisposed();
        return RemoveWhere(
            ByteRemoval.Removed,
            (place, length) => match(
                new ReadOnlySpan<byte>(
                    place.Block + place.Header + place.KeyLength, FirstValueBytes(place, length)), length),
            readsValues: true);
    }

    /// <summary>Bytes of a value that lie in its first slab.</summary>
    private static int FirstValueBytes(Place place, int length) =>
        place.IsChain ? Math.Clamp(SlabPool.DataSize - place.Header - place.KeyLength, 0, length) : length;

    private bool KeyStarts(Place place, ReadOnlySpan<byte> start)
    {
        if (place.KeyLength < start.Length)
        {
            return false;
        }

        int first = Math.Min(FirstKeyBytes(place), start.Length);
        return new ReadOnlySpan<byte>(place.Block + place.Header, first).SequenceEqual(start[..first])
            && (first == start.Length
                || new ReadOnlySpan<byte>(NextSlab(place.Block), start.Length - first).SequenceEqual(start[first..]));
    }

    /// <remarks>
    /// From the highest slot to the lowest: an entry that moves meanwhile moves down, so none is passed over.
    /// </remarks>
    private int RemoveWhere(ByteRemoval why, Func<Place, int, bool> match, bool readsValues = false)
    {
        int removed = 0;
        int next = int.MaxValue;
        while (next > 0)
        {
            using (_lock.EnterAfterOthers())
            {
                int most = removed + Batch;
                for (int looks = WalkSlots; looks > 0 && removed < most; looks--)
                {
                    // A removal may have given up the last slots.
                    next = Math.Min(next, _table.End - 1);
                    if (next <= 0)
                    {
                        break;
                    }

                    if (_table.Slot(next)->Place is not 0 and ulong word)
                    {
                        var place = new Place(word);
                        int length = _table.Slot(next)->Length;
                        looks -= readsValues ? FirstValueBytes(place, length) / BytesPerLook : 0;
                        if (match(place, length))
                        {
                            RemoveAt_NeedsLock(next, why);
                            removed++;
                        }
                    }

                    next--;
                }

                GiveBackIfDisposed_NeedsLock();
            }
        }

        GiveBack(all: false);
        return removed;
    }

    /// <summary>Resident bytes that an entry is counted with when it leaves.</summary>
    private long FootprintOf(Place place, int valueLength)
    {
        const int SlotBytes = ByteSlot.Size + (3 * sizeof(int) / 2);
        int order = _marks is null
            ? LruByteOrder.NodeSize
            : ScanByteOrder.NodeSize + (int)Math.Ceiling(GhostTable.BytesPerEntry);
        long content = place.SizeWith(valueLength);
        return SlotBytes + order + (place.IsChain
            ? PagesOfChain(content) * _account.PageSize
            : _blocks.SizeOf(DenseBlocks.ClassFor((int)content)));
    }

    /// <summary>Removes an entry. Under the lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RemoveAt_NeedsLock(int index, ByteRemoval why)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        int length = _table.Slot(index)->Length;
        var place = new Place(_table.Slot(index)->Place);
        CountLeft_NeedsLock(place, length, why);
        _table.Remove(index, trim: !_blocks.IsInBulk);
        Volatile.Write(ref _count, _table.Count);
        FreeContent_NeedsLock(place, length);
    }

    private void CountLeft_NeedsLock(Place place, int length, ByteRemoval why)
    {
        long bytes = FootprintOf(place, length);
        _left[(int)why] += new EntryTotals(1, bytes);
        Volatile.Write(ref _creditedBytes, _creditedBytes + bytes);
        if (place.HasDeadline)
        {
            Volatile.Write(ref _expiring, _expiring - 1);
        }
    }

    /// <summary>Frees what an entry's slot led to until now. Under the lock.</summary>
    private void FreeContent_NeedsLock(Place place, int length)
    {
        if (!place.IsChain)
        {
            _blocks.Free(place.Block, DenseBlocks.ClassFor((int)place.SizeWith(length)));
            return;
        }

        SlabHeader* header = _pool.HeaderOf(place.Block);
        if (header->Leases > 0)
        {
            header->Leases |= SlabHeader.Orphaned;
        }
        else
        {
            FreeSlabs_NeedsLock(header, place.SizeWith(length));
        }
    }

    private void FreeSlabs_NeedsLock(SlabHeader* header, long content)
    {
        while (true)
        {
            int next = header->Link;
            if (_clearFreed)
            {
                new Span<byte>(
                    (byte*)header + SlabPool.HeaderSize, (int)Math.Min(SlabPool.DataSize, content)).Clear();
                content -= Math.Min(SlabPool.DataSize, content);
            }

            _pool.Return(header->Number);
            if (next < 0)
            {
                return;
            }

            header = (SlabHeader*)_pool.Address(next);
        }
    }
}
