using System.Diagnostics;
using System.Numerics;

namespace BoundedCache.Engine;

/// <summary>
/// What background measurements must know of an entry, in three bytes of its slot: whether its value can change,
/// whether values like it were seen to change, and the size that was declared for it.
/// </summary>
/// <remarks>
/// A declared size is kept as a number with 16 binary digits, rounded up: exact up to 64 KiB, and at most one part in
/// 32,768 too large beyond. So what is measured later is never charged below it.
/// </remarks>
internal readonly record struct EntryMarks(byte Bits, ushort Digits)
{
    private const byte ChangingBit = 0x80;
    private const byte HotBit = 0x40;
    private const byte ShiftMask = 0x3F;
    private const int MostDigits = 16;

    /// <summary>Marks of an entry that is stored.</summary>
    /// <param name="canChange">Whether the value can change and may be measured again without the user's code.</param>
    /// <param name="isHot">Whether values of its type were seen to change.</param>
    /// <param name="declaredBytes">The declared size; 0 for none.</param>
    public static EntryMarks For(bool canChange, bool isHot, long declaredBytes)
    {
        Debug.Assert(declaredBytes >= 0);
        int shift = Math.Max(0, 64 - BitOperations.LeadingZeroCount((ulong)declaredBytes) - MostDigits);
        ulong digits = ((ulong)declaredBytes + (1UL << shift) - 1) >> shift;
        if (digits > ushort.MaxValue)
        {
            digits >>= 1;
            shift++;
        }

        int flags = (canChange ? ChangingBit : 0) | (canChange && isHot ? HotBit : 0);
        return new EntryMarks((byte)(flags | shift), (ushort)digits);
    }

    /// <summary>Whether the value can change and may be measured again without the user's code.</summary>
    public bool CanChange => (Bits & ChangingBit) != 0;

    /// <summary>Whether values of its type were seen to change, so that it is measured before others.</summary>
    public bool IsHot => (Bits & HotBit) != 0;

    /// <summary>The declared size, or a little more; 0 where none was declared.</summary>
    public long DeclaredBytes => (long)Math.Min(long.MaxValue, (ulong)Digits << (Bits & ShiftMask));

    /// <summary>The same marks for an entry that is measured before others.</summary>
    public EntryMarks AsHot() => CanChange ? this with { Bits = (byte)(Bits | HotBit) } : this;
}
