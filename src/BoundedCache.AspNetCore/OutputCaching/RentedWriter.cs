using System.Buffers;
using BoundedCache.Bytes;

namespace BoundedCache.AspNetCore.OutputCaching;

/// <summary>A writer over a pooled array.</summary>
/// <param name="clear">Whether the array is cleared before others get it.</param>
internal sealed class RentedWriter(bool clear) : ISizedBufferWriter, IDisposable
{
    private byte[] _buffer = [];
    private int _written;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _written);

    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _written);

    public void Advance(int count) => _written += count;

    /// <inheritdoc/>
    /// <remarks>One array, instead of one after the other of twice the length.</remarks>
    public void Expect(int length) => _ = GetMemory(length);

    /// <inheritdoc/>
    /// <exception cref="OutOfMemoryException">An array cannot hold so much.</exception>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        // Never empty: code that asks without a hint would not know how to go on.
        sizeHint = Math.Max(1, sizeHint);
        if (_buffer.Length - _written < sizeHint)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(LengthFor(_buffer.Length, _written, sizeHint));
            Written.CopyTo(larger);
            Dispose();
            _buffer = larger;
        }

        return _buffer.AsMemory(_written);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer, clear);
            _buffer = [];
        }
    }

    /// <summary>The length of the next array: twice the last one, as far as arrays go.</summary>
    internal static int LengthFor(int length, int written, int sizeHint)
    {
        long needed = (long)written + sizeHint;
        return needed > Array.MaxLength
            ? throw new InsufficientMemoryException(
                $"Expected a response of at most {Array.MaxLength} bytes, got at least {needed}.")
            : (int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * length));
    }
}
