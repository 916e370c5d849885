using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace BoundedCache.Bytes;

/// <summary>
/// A key as the table stores it: Latin-1 keys as bytes, all others as UTF-16, so that every string is a key of its own,
/// also one with lone surrogates.
/// </summary>
internal readonly ref struct EncodedKey
{
    /// <summary>The bytes of a buffer on the stack that most keys fit into.</summary>
    public const int StackBytes = 256;

    private readonly byte[]? _rented;

    /// <summary>Encodes a key.</summary>
    /// <param name="key">The key; it must not change while this is used.</param>
    /// <param name="buffer">Where short keys are encoded.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public EncodedKey(ReadOnlySpan<char> key, Span<byte> buffer)
    {
        // What is too long is not looked at as a whole: its bytes may be more than a span can have.
        if (key.Length > Place.LongestKey)
        {
            key = key[..(Place.LongestKey + 1)];
        }

        // Seeded at random for each process, so that nobody can choose keys that collide.
        Hash = string.GetHashCode(key);
        if (key.ContainsAnyExceptInRange('\0', '\xff'))
        {
            IsWide = true;
            Bytes = MemoryMarshal.AsBytes(key);
            return;
        }

        if (key.Length > buffer.Length)
        {
            buffer = _rented = ArrayPool<byte>.Shared.Rent(key.Length);
        }

        Bytes = buffer[..Encoding.Latin1.GetBytes(key, buffer)];
    }

    public ReadOnlySpan<byte> Bytes { get; }

    public int Hash { get; }

    public bool IsWide { get; }

    public bool IsTooLong => Bytes.Length > Place.LongestKey;

    public ulong Flags => IsWide ? Place.Wide : 0;

    /// <summary>Returns the buffer of a long key, cleared: the key may be a secret.</summary>
    public void Dispose()
    {
        if (_rented is not null)
        {
            _rented.AsSpan(0, Bytes.Length).Clear();
            ArrayPool<byte>.Shared.Return(_rented);
        }
    }
}
