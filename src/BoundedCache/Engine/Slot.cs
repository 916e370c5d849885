using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>The part of an entry that readers read: 32 bytes, two to a cache line, written rarely.</summary>
/// <remarks>
/// <see cref="Version"/> is a seqlock over key, value, hash and flags: odd while they are written, and two more each
/// time they were. <see cref="Hash"/> and <see cref="Next"/> keep their values when a slot is freed, so
/// that a reader that stands on the slot gets to the end of some chain. The slot before it in the chain is for writers,
/// who take entries out of long chains without walking along them; it shares a word with the flags.
/// </remarks>
internal struct Slot
{
    /// <summary>The largest number of a slot that fits beside the flags.</summary>
    public const int MaxIndex = (1 << (32 - FlagBits)) - 1;

    /// <summary>The highest <see cref="Mark"/>.</summary>
    public const byte MaxMark = 3;

    private const int MarkShift = 24;
    private const uint VersionMask = (1u << MarkShift) - 1;
    private const int FlagBits = 3;
    private const uint FlagsMask = (1 << FlagBits) - 1;

    public object? Key;

    /// <summary>
    /// The value, or the <see cref="EntryDetails"/> that hold it where <see cref="SlotFlags.HasDetails"/> is set.
    /// </summary>
    public object? Value;

    public int Hash;

    /// <summary>
    /// The next slot of the bucket's chain, or the bucket's number complemented where the chain ends.
    /// </summary>
    public int Next;

    /// <summary>
    /// The version, and in the highest byte the mark. Read both at once with this field. Only the mark is ever written
    /// without the lock, as a byte: a reader's mark leaves the version alone.
    /// </summary>
    public uint VersionAndMark;

    private uint _previousAndFlags;

    /// <summary>The version without the mark. Under the lock.</summary>
    public uint Version
    {
        readonly get => VersionAndMark & VersionMask;
        set => VersionAndMark = value & VersionMask;
    }

    /// <summary>
    /// Uses since the entry was put into its queue, up to <see cref="MaxMark"/>: see <see cref="ScanResistantOrder"/>.
    /// One that overlaps a write of the slot may be lost.
    /// </summary>
    public byte Mark
    {
        readonly get => (byte)(VersionAndMark >> MarkShift);
        set => MarkByte() = value;
    }

    [UnscopedRef]
    private ref byte MarkByte() =>
        ref Unsafe.Add(ref Unsafe.As<uint, byte>(ref VersionAndMark), BitConverter.IsLittleEndian ? 3 : 0);

    /// <summary>The version in a value of <see cref="VersionAndMark"/>.</summary>
    public static uint VersionIn(uint versionAndMark) => versionAndMark & VersionMask;

    /// <summary>Whether two values of <see cref="VersionAndMark"/> have the same version.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreSameVersion(uint one, uint other) => ((one ^ other) & VersionMask) == 0;

    /// <summary>Notes a use. Without the lock.</summary>
    public void Use() => Use(VersionAndMark);

    /// <summary>Notes a use of an entry whose version and mark were read. Without the lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Use(uint versionAndMark)
    {
        if (versionAndMark < (uint)MaxMark << MarkShift)
        {
            MarkByte() = (byte)((versionAndMark >> MarkShift) + 1);
        }
    }

    /// <summary>
    /// Tells readers that the fields are about to change. No later write may become visible before this one.
    /// </summary>
    public void BeginWrite()
    {
        VersionAndMark = Raised(VersionAndMark);
        Volatile.WriteBarrier();
    }

    public void EndWrite() => Volatile.Write(ref VersionAndMark, Raised(VersionAndMark));

    private static uint Raised(uint versionAndMark) =>
        (versionAndMark & ~VersionMask) | ((versionAndMark + 1) & VersionMask);

    public SlotFlags Flags
    {
        readonly get => (SlotFlags)(_previousAndFlags & FlagsMask);
        set => _previousAndFlags = (_previousAndFlags & ~FlagsMask) | (uint)value;
    }

    /// <summary>The slot before this one in its chain, or 0 for the first. Under the lock.</summary>
    public int Previous
    {
        readonly get => (int)(_previousAndFlags >> FlagBits);
        set => _previousAndFlags = ((uint)value << FlagBits) | (_previousAndFlags & FlagsMask);
    }
}

/// <summary>What a reader must know about an entry besides its key and value; three bits at most.</summary>
[Flags]
internal enum SlotFlags : uint
{
    None = 0,

    /// <summary><see cref="Slot.Value"/> is an <see cref="EntryDetails"/>.</summary>
    HasDetails = 1,

    /// <summary>The slot has a deadline: from then on a reader must check before it takes the value.</summary>
    HasDeadline = 2,

    /// <summary>
    /// The value was not finished when it was stored: a task that ran, a lazy that was not made, or a graph that was
    /// not walked to its end. A reader tells when it finds the value.
    /// </summary>
    Unfinished = 4,
}

/// <summary>
/// A reference to the slot where a lookup found an entry, with its flags and deadline. The entry may have left the slot
/// since then; the <see cref="Version"/> tells.
/// </summary>
internal readonly record struct SlotRef(int Index, uint Version, SlotFlags Flags, long Deadline)
{
    /// <summary>There is no such entry.</summary>
    public static SlotRef Nowhere => default;

    /// <summary>Writers interfered every time: only the lock can tell whether there is an entry.</summary>
    public static SlotRef Unsure => new(-1, 0, SlotFlags.None, 0);

    public bool IsHit => Index > 0;

    public bool IsUnsure => Index < 0;
}
