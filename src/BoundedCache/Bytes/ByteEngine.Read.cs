using System.Buffers;
using System.Runtime.CompilerServices;
using BoundedCache.Engine;

namespace BoundedCache.Bytes;

/// <summary>Reads: without the lock, except of entries that slide and of values of several slabs.</summary>
/// <remarks>
/// A reader remembers a slot's version, reads address and lengths, and looks at the version again before it follows the
/// address: so it never reads beyond a block. After it copied the bytes it looks at the version once more: so it never
/// returns bytes of two values. What it may read meanwhile is mapped for as long as the cache can be reached.
/// </remarks>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>Tries without the lock before a reader takes it.</summary>
    private const int Tries = 16;

    /// <summary>Copies a value into a new array.</summary>
    /// <returns>The value; null where there is none.</returns>
    [SkipLocalsInit]
    public byte[]? Get(ReadOnlySpan<char> key)
    {
        ThrowIfDisposed();
        Span<byte> buffer = stackalloc byte[EncodedKey.StackBytes];
        using var encoded = new EncodedKey(key, buffer);
        long begin = _touches.Begin;
        Seen seen = default;
        for (int tries = 0; tries < Tries; tries++)
        {
            Found found = Find(encoded, out seen);
            if (found == Found.Miss)
            {
                return Miss<byte[]?>(null);
            }

            if (found == Found.Locked)
            {
                break;
            }

            byte[] value = seen.Length == 0 ? [] : GC.AllocateUninitializedArray<byte>(seen.Length);
            if (TryCopy(seen, value, out bool isExpired))
            {
                if (isExpired)
                {
                    RemoveExpired(encoded);
                    return Miss<byte[]?>(null);
                }

                Touch(seen.Index, begin);
                return value;
            }
        }

        return ReadLocked(encoded, seen, begin, null, out byte[]? read) ? read : Miss<byte[]?>(null);
    }

    /// <summary>Copies a value to a writer, whose code runs without the lock.</summary>
    /// <returns>Whether there is one.</returns>
    [SkipLocalsInit]
    public bool TryGet(ReadOnlySpan<char> key, IBufferWriter<byte> destination)
    {
        ThrowIfDisposed();
        Span<byte> buffer = stackalloc byte[EncodedKey.StackBytes];
        using var encoded = new EncodedKey(key, buffer);
        long begin = _touches.Begin;
        Seen seen = default;
        for (int tries = 0; tries < Tries; tries++)
        {
            Found found = Find(encoded, out seen);
            if (found == Found.Miss)
            {
                return Miss(false);
            }

            if (found == Found.Locked)
            {
                break;
            }

            Span<byte> span = seen.Length == 0 ? default : SpanOf(destination, seen.Length);
            if (TryCopy(seen, span, out bool isExpired))
            {
                if (isExpired)
                {
                    RemoveExpired(encoded);
                    return Miss(false);
                }

                Touch(seen.Index, begin);
                destination.Advance(seen.Length);
                return true;
            }
        }

        return ReadLocked(encoded, seen, begin, destination, out _) || Miss(false);
    }

    /// <summary>Marks an entry as used, and moves the deadline of one that slides.</summary>
    /// <returns>Whether there is one.</returns>
    [SkipLocalsInit]
    public bool Refresh(ReadOnlySpan<char> key)
    {
        ThrowIfDisposed();
        Span<byte> buffer = stackalloc byte[EncodedKey.StackBytes];
        using var encoded = new EncodedKey(key, buffer);
        long begin = _touches.Begin;
        _ = Find(encoded, out Seen seen);
        EnterAndFindLive(encoded, seen, slides: true, out int index).Dispose();
        if (index == ByteOrder.None)
        {
            return Miss(false);
        }

        Touch(index, begin);
        return true;
    }

    /// <summary>A span of a writer, which must be as long as was asked.</summary>
    private static Span<byte> SpanOf(IBufferWriter<byte> destination, int length)
    {
        Span<byte> span = destination.GetSpan(length);
        return span.Length >= length
            ? span
            : throw new InvalidOperationException(
                $"IBufferWriter.GetSpan: expected a span of at least {length} bytes, got {span.Length}.");
    }

    private T Miss<T>(T nothing)
    {
        ThrowIfDisposed();
        if (CountsLookups)
        {
            Lookups.CountMiss();
        }

        return nothing;
    }

    /// <summary>Whether misses are counted.</summary>
    public bool CountsLookups { get; set; }

    /// <summary>Notes a use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Touch(int index, long begin)
    {
        if (_marks is not null)
        {
            Mark(index);
            return;
        }

        TouchNote note = _touches.Add(index, begin);
        if (note != TouchNote.Added)
        {
            TouchNow(index, note);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Mark(int index)
    {
        _marks!.Mark(index);
        if (CountsLookups)
        {
            Lookups.CountHit();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TouchNow(int index, TouchNote note)
    {
        if (_lock.TryEnter())
        {
            try
            {
                if (note == TouchNote.Due)
                {
                    _touches.ApplyDueTo(_table.Order);
                }
                else
                {
                    _touches.ApplyTo(_table.Order);
                    _table.Order.Touch([index]);
                }
            }
            finally
            {
                _lock.Exit();
            }
        }
        else if (note == TouchNote.Unbuffered)
        {
            _touches.CountLost();
        }
    }

    /// <summary>
    /// Reads under the lock: small values are copied there, and delivered afterwards; large ones are leased.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="seen">The entry as it was seen without the lock.</param>
    /// <param name="begin">When the use began.</param>
    /// <param name="destination">Where the value goes; null for a new array.</param>
    /// <param name="value">The new array.</param>
    /// <returns>Whether there is one.</returns>
    private bool ReadLocked(
        in EncodedKey key, in Seen seen, long begin, IBufferWriter<byte>? destination, out byte[]? value)
    {
        value = null;
        byte[]? copy = null;
        Place place;
        int length;
        int index;
        using (EnterAndFindLive(key, seen, slides: true, out index))
        {
            if (index == ByteOrder.None)
            {
                return false;
            }

            place = new Place(_table.Slot(index)->Place);
            length = _table.Slot(index)->Length;
            if (place.IsChain)
            {
                if ((_pool.HeaderOf(place.Block)->Leases++ & ~SlabHeader.Orphaned) == 0)
                {
                    Hold(PagesOfChain(place.SizeWith(length)));
                }
            }
            else
            {
                copy = destination is null
                    ? length == 0 ? [] : GC.AllocateUninitializedArray<byte>(length)
                    : ArrayPool<byte>.Shared.Rent(length);
                new ReadOnlySpan<byte>(place.Block + place.Header + place.KeyLength, length).CopyTo(copy);
            }
        }

        if (copy is null)
        {
            value = ReadLeased(place, length, destination, index, begin);
        }
        else if (destination is null)
        {
            Touch(index, begin);
            value = copy;
        }
        else
        {
            try
            {
                Touch(index, begin);
                if (length > 0)
                {
                    copy.AsSpan(0, length).CopyTo(SpanOf(destination, length));
                    destination.Advance(length);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(copy, clearArray: _clearFreed);
            }
        }

        return true;
    }
}
