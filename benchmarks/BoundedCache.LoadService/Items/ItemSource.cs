using System.Buffers.Binary;
using System.Globalization;

namespace BoundedCache.LoadService.Items;

/// <summary>
/// Where items come from when the cache has none: made from their number, so that whoever receives one can tell whether
/// it is the right one, and whole.
/// </summary>
internal static class ItemSource
{
    /// <summary>The smallest item, in bytes.</summary>
    public const int LeastBytes = 512;

    /// <summary>The largest item, in bytes.</summary>
    public const int MostBytes = 1536;

    public static string Key(long id) => string.Create(CultureInfo.InvariantCulture, $"item:{id:d8}");

    /// <summary>The length of an item, in bytes, evenly spread between the two.</summary>
    public static int Length(long id) => LeastBytes + (int)(Scatter(id) % (MostBytes - LeastBytes + 1));

    /// <summary>Makes an item: its number at its beginning and at its end.</summary>
    public static byte[] Make(long id)
    {
        byte[] item = new byte[Length(id)];
        BinaryPrimitives.WriteInt64LittleEndian(item, id);
        BinaryPrimitives.WriteInt64LittleEndian(item.AsSpan(item.Length - sizeof(long)), id);
        return item;
    }

    /// <summary>Makes a value of any length up to a largest one, evenly spread.</summary>
    public static byte[] MakeUpTo(int mostBytes, long id) => new byte[1 + (Scatter(id) % mostBytes)];

    /// <summary>Whether this is the item of that number, from its beginning to its end.</summary>
    public static bool IsWhole(long id, ReadOnlySpan<byte> item) =>
        item.Length == Length(id)
        && BinaryPrimitives.ReadInt64LittleEndian(item) == id
        && BinaryPrimitives.ReadInt64LittleEndian(item[^sizeof(long)..]) == id;

    private static uint Scatter(long id) => (uint)(((ulong)id * 0x9E3779B97F4A7C15) >> 32);
}
