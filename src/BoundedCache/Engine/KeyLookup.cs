using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace BoundedCache.Engine;

/// <summary>A key that is looked up: its hash, and the test whether a stored key is the same.</summary>
internal interface IKeyLookup
{
    /// <summary>
    /// Whether <see cref="Matches"/> runs code of the key's own class, which must never happen under the lock.
    /// </summary>
    static abstract bool RunsUserCode { get; }

    int Hash { get; }

    bool Matches(object stored);
}

/// <summary>A string key, given as a string or as a span of characters.</summary>
internal readonly ref struct StringLookup(ReadOnlySpan<char> key) : IKeyLookup
{
    private readonly ReadOnlySpan<char> _key = key;

    public static bool RunsUserCode => false;

    public int Hash { get; } = KeyHasher.Hash(key);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Matches(object stored) =>
        stored.GetType() == typeof(string) && Same(Unsafe.As<string>(stored), _key);

    /// <summary>
    /// Whether characters are the same. 8 to 32 characters, which is nearly all keys, are compared in two pieces that
    /// overlap, without a loop and with one branch.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Same(ReadOnlySpan<char> stored, ReadOnlySpan<char> key)
    {
        if (stored.Length != key.Length)
        {
            return false;
        }

        nuint length = (nuint)key.Length;
        ref ushort a = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(stored));
        ref ushort b = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(key));
        if (length - 16 <= 16)
        {
            nuint last = length - 16;
            return ((Vector256.LoadUnsafe(ref a) ^ Vector256.LoadUnsafe(ref b))
                | (Vector256.LoadUnsafe(ref a, last) ^ Vector256.LoadUnsafe(ref b, last))) == Vector256<ushort>.Zero;
        }

        if (length - 8 < 8)
        {
            nuint last = length - 8;
            return ((Vector128.LoadUnsafe(ref a) ^ Vector128.LoadUnsafe(ref b))
                | (Vector128.LoadUnsafe(ref a, last) ^ Vector128.LoadUnsafe(ref b, last))) == Vector128<ushort>.Zero;
        }

        return SameOfOtherLength(stored, key);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool SameOfOtherLength(ReadOnlySpan<char> stored, ReadOnlySpan<char> key) =>
        stored.SequenceEqual(key);
}

/// <summary>
/// A key of any other class, compared by its own <see cref="object.Equals(object)"/> as a dictionary would.
/// </summary>
internal readonly struct ObjectLookup(object key) : IKeyLookup
{
    public static bool RunsUserCode => true;

    public int Hash { get; } = KeyHasher.Hash(key);

    public bool Matches(object stored) => ReferenceEquals(stored, key) || stored.Equals(key);
}
