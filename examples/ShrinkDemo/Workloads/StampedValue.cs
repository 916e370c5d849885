using System.Buffers.Binary;

namespace BoundedCache.ShrinkDemo.Workloads;

/// <summary>
/// Values that identify their key. The stamp is at both ends, so that another key's value, or a mix of two values,
/// is recognised.
/// </summary>
internal static class StampedValue
{
    private const int StampBytes = sizeof(ulong);

    public static byte[] Create(int size, ulong stamp)
    {
        // Every byte is written: memory that was never written to is not resident, however large the array is.
        byte[] value = GC.AllocateUninitializedArray<byte>(size);
        value.AsSpan().Fill((byte)stamp);
        Span<byte> bytes = stackalloc byte[StampBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, stamp);
        int length = Math.Min(size, StampBytes);
        bytes[..length].CopyTo(value);
        bytes[..length].CopyTo(value.AsSpan(size - length));
        return value;
    }

    public static bool Matches(ReadOnlySpan<byte> value, ulong stamp)
    {
        // Shorter values have room for one stamp only, and still shorter ones for its low bytes; two copies would
        // overlap.
        Span<byte> bytes = stackalloc byte[StampBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, stamp);
        int length = Math.Min(value.Length, StampBytes);
        bool tail = value[^length..].SequenceEqual(bytes[..length]);
        return value.Length >= 2 * StampBytes ? tail && value[..length].SequenceEqual(bytes[..length]) : tail;
    }
}
