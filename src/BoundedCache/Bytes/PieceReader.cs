using System.Buffers;

namespace BoundedCache.Bytes;

/// <summary>
/// Reads the pieces of a sequence. Their code may be the user's: together they must be as long as the sequence said.
/// </summary>
/// <param name="sequence">The sequence.</param>
/// <param name="length">Its length, which was asked once: it may change at any time.</param>
internal ref struct PieceReader(in ReadOnlySequence<byte> sequence, long length)
{
    private ReadOnlySequence<byte>.Enumerator _pieces = sequence.GetEnumerator();
    private long _read;

    /// <summary>Reads the next piece.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="ArgumentException">There are more or fewer bytes than were said.</exception>
    public bool TryRead(out ReadOnlySpan<byte> piece)
    {
        bool hasMore = _pieces.MoveNext();
        piece = hasMore ? _pieces.Current.Span : default;
        _read += piece.Length;
        return _read > length || (!hasMore && _read != length)
            ? throw new ArgumentException(
                $"Expected a sequence of {length} bytes, got pieces with {_read}.")
            : hasMore;
    }
}
