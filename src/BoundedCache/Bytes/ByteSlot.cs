using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Bytes;

/// <summary>An entry's slot in the table: what a reader needs to find its block.</summary>
/// <remarks>
/// Written under the lock, between two changes of <see cref="Version"/>, which is odd meanwhile. A free slot has
/// <see cref="Place"/> 0, keeps its <see cref="Next"/>, and links free slots by <see cref="Hash"/> (the one before) and
/// <see cref="Length"/> (the next), or has a mark as its <see cref="Hash"/>.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = Size)]
internal unsafe struct ByteSlot
{
    public const int Size = 24;

    public uint Version;
    public int Hash;

    /// <summary>The next slot of the chain, or the complement of the bucket's number.</summary>
    public int Next;

    /// <summary>The value's length in bytes.</summary>
    public int Length;

    /// <summary>The block's address, flags and the key's length: see <see cref="Bytes.Place"/>.</summary>
    public ulong Place;

    /// <summary>Begins a change: readers see an odd version.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Begin(ByteSlot* slot)
    {
        slot->Version++;
        Volatile.WriteBarrier();
    }

    /// <summary>Ends a change.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void End(ByteSlot* slot) => Volatile.Write(ref slot->Version, slot->Version + 1);
}

/// <summary>
/// Where a block is and how to read it, in one word: 47 bits of address, aligned to 16, flags in its low bits, and 17
/// bits for the length of the key in bytes.
/// </summary>
internal readonly unsafe struct Place(ulong word)
{
    public const int LongestKey = 64 * 1024;

    /// <summary>The key is UTF-16; otherwise Latin-1.</summary>
    public const ulong Wide = 1;

    /// <summary>The block holds a deadline.</summary>
    public const ulong Deadline = 2;

    /// <summary>The block holds a deadline, a sliding window and an absolute end.</summary>
    public const ulong Sliding = 4;

    /// <summary>The content lies in several slabs.</summary>
    public const ulong Chain = 8;

    private const int LengthShift = 47;
    private const ulong AddressMask = (1UL << LengthShift) - 1 & ~15UL;

    public ulong Word => word;

    public byte* Block => (byte*)(word & AddressMask);

    public int KeyLength => (int)(word >> LengthShift);

    public bool IsWide => (word & Wide) != 0;

    public bool HasDeadline => (word & Deadline) != 0;

    public bool IsSliding => (word & Sliding) != 0;

    public bool IsChain => (word & Chain) != 0;

    /// <summary>Bytes of the block before the key.</summary>
    public int Header => HeaderOf(word);

    /// <summary>Bytes that the entry's content takes in its block or slabs.</summary>
    public long SizeWith(int valueLength) => (long)Header + KeyLength + valueLength;

    public static ulong Pack(byte* block, ulong flags, int keyLength) =>
        (ulong)block | flags | ((ulong)(uint)keyLength << LengthShift);

    /// <summary>The same entry in another block.</summary>
    public static ulong Move(ulong word, byte* block) => (word & ~AddressMask) | (ulong)block;

    /// <summary>The owner's slot, then, where the entry expires, what <see cref="BlockHeader"/> holds.</summary>
    public static int HeaderOf(ulong flags) =>
        (flags & Sliding) != 0 ? sizeof(BlockHeader) : (flags & Deadline) != 0 ? 16 : sizeof(int);
}

/// <summary>What stands in a block before the key. Only entries that expire have all of it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct BlockHeader
{
    /// <summary>
    /// The slot of the block's entry, or of one that left it, which leads elsewhere; or <see cref="Hole"/>.
    /// </summary>
    [FieldOffset(0)]
    public int Owner;

    /// <summary>When the entry expires, in ticks of UTC.</summary>
    [FieldOffset(8)]
    public long Deadline;

    /// <summary>The sliding window in ticks.</summary>
    [FieldOffset(16)]
    public long Window;

    /// <summary>The latest end of a sliding entry, in ticks of UTC.</summary>
    [FieldOffset(24)]
    public long Absolute;

    /// <summary>In a hole of the list: the address of the next, or 0.</summary>
    [FieldOffset(8)]
    public long NextHole;

    /// <summary>In a hole of the list: the address of the one before, or 0.</summary>
    [FieldOffset(16)]
    public long PreviousHole;

    /// <summary>A hole in the list of its class.</summary>
    public const int Hole = -1;
}

/// <summary>When an entry expires.</summary>
/// <param name="Deadline">In ticks of UTC; <see cref="long.MaxValue"/> for never.</param>
/// <param name="Window">The sliding window in ticks; 0 for none.</param>
/// <param name="Absolute">The latest end of a sliding entry, in ticks of UTC.</param>
internal readonly record struct EntryExpiration(long Deadline, long Window, long Absolute)
{
    public static EntryExpiration Never => new(long.MaxValue, 0, long.MaxValue);

    public ulong Flags => Window > 0 ? Place.Deadline | Place.Sliding
        : Deadline != long.MaxValue ? Place.Deadline
        : 0;

    /// <summary>The deadline of an entry that is used now.</summary>
    public static long Slide(long now, long window, long absolute) =>
        Math.Min(window > long.MaxValue - now ? long.MaxValue : now + window, absolute);
}
