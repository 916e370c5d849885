namespace BoundedCache.Engine;

/// <summary>The part of an entry that readers read: 32 bytes, two to a cache line, written rarely.</summary>
/// <remarks>
/// <see cref="Version"/> is a seqlock over all the other fields but <see cref="Next"/>: odd while they are written, and
/// two more each time they were. <see cref="Hash"/> and <see cref="Next"/> keep their values when a slot is freed, so
/// that a reader that stands on the slot gets to the end of some chain. The slot before it in the chain is for writers,
/// who take entries out of long chains without walking along them; it shares a word with the flags.
/// </remarks>
internal struct Slot
{
    /// <summary>The largest number of a slot that fits beside the flags.</summary>
    public const int MaxIndex = (1 << (32 - FlagBits)) - 1;

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

    public uint Version;

    private uint _previousAndFlags;

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
