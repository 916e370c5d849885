using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>The arithmetic of managed object sizes that does not depend on a type's fields.</summary>
/// <remarks>
/// An object is a header word, a method table pointer and its data, aligned to the word, and never shorter than three
/// words: a freed object must be able to hold the collector's free-list link. In bytes.
/// </remarks>
internal static class ObjectSize
{
    /// <summary>Header and method table pointer.</summary>
    public static int Overhead => 2 * IntPtr.Size;

    /// <summary>The smallest object: 24 bytes where a pointer has 8.</summary>
    public static int Minimum => 3 * IntPtr.Size;

    /// <summary>
    /// A string before its characters: overhead, an <see cref="int"/> length and the terminating zero.
    /// </summary>
    public static int StringBase => Overhead + sizeof(int) + sizeof(char);

    /// <summary>A single-dimensional array before its elements: overhead and the length, padded to a word.</summary>
    public static int ArrayBase => 3 * IntPtr.Size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Align(long bytes) => (bytes + (IntPtr.Size - 1)) & ~(IntPtr.Size - 1L);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long OfString(int length) => Align(StringBase + ((long)length * sizeof(char)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long OfByteArray(int length) => Align((long)ArrayBase + length);

    /// <summary>What an array of this type needs before its elements.</summary>
    /// <remarks>
    /// Every array but the plain vector carries a length and a lower bound for each dimension, also the one-dimensional
    /// array with a lower bound of its own.
    /// </remarks>
    public static int ArrayBaseOf(Type arrayType) =>
        arrayType.IsSZArray ? ArrayBase : ArrayBase + (arrayType.GetArrayRank() * 2 * sizeof(int));

    /// <summary>The bytes one array element or field of this type takes.</summary>
    public static int OfSlot(Type type) =>
        type.IsValueType && !type.IsPointer && !type.IsFunctionPointer
            ? RuntimeHelpers.SizeOf(type.TypeHandle)
            : IntPtr.Size;

    public static long OfBoxed(Type valueType) => Math.Max(Minimum, Align((long)Overhead + OfSlot(valueType)));
}
