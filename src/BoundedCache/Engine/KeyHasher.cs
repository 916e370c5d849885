using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace BoundedCache.Engine;

/// <summary>
/// The hash of keys: 32 bits, seeded once per process with secret random numbers, so that nobody who chooses keys can
/// choose which of them collide.
/// </summary>
/// <remarks>
/// Strings go through 64x64-to-128-bit multiplications whose halves are folded together, 16 bytes a step (the
/// construction of wyhash, https://github.com/wangyi-fudan/wyhash): some 4 ns for 24 characters, where the
/// runtime's Marvin takes 10. Numbers, times and tuples of them are hashed with the seeds by what their Equals
/// compares. All other keys keep their own <see cref="object.GetHashCode"/>, multiplied twice so that each bit depends
/// on all of it; where many of them have one hash code, they are in one chain.
/// </remarks>
internal static class KeyHasher
{
    private static readonly ulong s_seed0 = RandomOdd();
    private static readonly ulong s_seed1 = RandomOdd();
    private static readonly ulong s_seed2 = RandomOdd();

    public static int Hash(ReadOnlySpan<char> key)
    {
        ref byte p = ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(key));
        nuint left = (nuint)key.Length * sizeof(char);
        ulong state = s_seed0 ^ left;
        while (left > 16)
        {
            state = Fold(Read64(ref p) ^ s_seed1, Read64(ref Unsafe.Add(ref p, 8)) ^ state);
            p = ref Unsafe.Add(ref p, 16);
            left -= 16;
        }

        // The last 0 to 16 bytes, as two words that may overlap; the length is in the state already.
        ulong a = 0;
        ulong b = 0;
        if (left >= 8)
        {
            a = Read64(ref p);
            b = Read64(ref Unsafe.Add(ref p, left - 8));
        }
        else if (left >= 4)
        {
            a = Read32(ref p);
            b = Read32(ref Unsafe.Add(ref p, left - 4));
        }
        else if (left != 0)
        {
            // One character, in both factors: in one alone it would be as linear as a number, below.
            a = Unsafe.ReadUnaligned<ushort>(ref p);
            b = a << 32;
        }

        return Finish(Fold(a ^ s_seed2, b ^ state));
    }

    /// <summary>
    /// May run the key's own <see cref="object.GetHashCode"/>: user code, never to be called under the lock.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Hash(object key)
    {
        // The kinds of keys that are frequent come first, by one comparison each.
        if (key.GetType() == typeof(int))
        {
            return Scatter((uint)Unsafe.Unbox<int>(key), s_seed0, s_seed1, s_seed2);
        }

        if (key.GetType() == typeof(long))
        {
            return Hash((ulong)Unsafe.Unbox<long>(key));
        }

        return HashOther(key);
    }

    /// <summary>The hash of 64 bits.</summary>
    public static int Hash(ulong key) => Scatter(key, s_seed0, s_seed1, s_seed2);

    /// <summary>The hash of 128 bits.</summary>
    public static int Hash(ulong low, ulong high) => Scatter(low, high, s_seed0, s_seed1, s_seed2);

    /// <summary>The hash of an element of a tuple, which may be a string.</summary>
    public static int HashElement(object element) => element is string text ? Hash(text) : Hash(element);

    /// <summary>Adds a hash to those before it, whose order counts.</summary>
    public static ulong Combine(ulong state, int hash) => Fold(state ^ s_seed0, (uint)hash ^ s_seed1);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int HashOther(object key)
    {
        if (key.GetType() == typeof(Guid))
        {
            ref byte halves = ref Unsafe.As<Guid, byte>(ref Unsafe.Unbox<Guid>(key));
            return Hash(Read64(ref halves), Read64(ref Unsafe.Add(ref halves, 8)));
        }

        return WideKeyHasher.TryHash(key, out int hash)
            ? hash
            : Scatter((uint)key.GetHashCode(), s_seed0, s_seed1, s_seed2);
    }

    /// <summary>
    /// Spreads a key's own hash, whatever the seeds are. Apart from them, so that a test can try thousands.
    /// </summary>
    /// <remarks>
    /// One multiplication is not enough, folded or not: it is linear, and for one seed in a hundred the regular
    /// codes of numbers (sequences, multiples of a power of two) would meet in few buckets. The shift between
    /// two of them breaks that.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Scatter(uint code, ulong seed0, ulong seed1, ulong seed2)
    {
        ulong state = (code ^ seed1) * seed2;
        return (int)(((state ^ (state >> 32)) * seed0) >> 32);
    }

    /// <summary>Spreads 64 bits. Unlike a folded hash code no two keys are known to meet.</summary>
    /// <remarks>The second fold is there for the reason of the second multiplication above.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Scatter(ulong key, ulong seed0, ulong seed1, ulong seed2) =>
        Finish(Fold(Fold(key ^ seed0, seed1) ^ seed2, seed0));

    /// <summary>Spreads 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Scatter(ulong low, ulong high, ulong seed0, ulong seed1, ulong seed2) =>
        Finish(Fold(Fold(low ^ seed0, high ^ seed1) ^ seed2, seed0));

    /// <summary>
    /// Whether about half the bits of a seed are set, so that multiplying by it spreads every bit of the other factor.
    /// </summary>
    internal static bool Spreads(ulong seed) => BitOperations.PopCount(seed) is >= 24 and <= 40;

    /// <remarks>
    /// On x64 by two multiplications, since the one that answers both halves at once is compiled to answer the
    /// lower one through memory.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b) =>
        Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(a, b) ^ (a * b) : Math.BigMul(a, b, out ulong low) ^ low;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Finish(ulong state) => (int)(state ^ (state >> 32));

    private static ulong Read64(ref byte p) => Unsafe.ReadUnaligned<ulong>(ref p);

    private static ulong Read32(ref byte p) => Unsafe.ReadUnaligned<uint>(ref p);

    private static ulong RandomOdd()
    {
        // The operating system's random numbers by way of a Guid: RandomNumberGenerator would load the cryptography
        // libraries, 5 MB of RSS for 24 bytes. Version and variant bits cost six of the 128, of which a fold leaves 64
        // that all depend on random ones.
        Span<ulong> halves = stackalloc ulong[2];
        ulong seed;
        do
        {
            var random = Guid.NewGuid();
            MemoryMarshal.Write(MemoryMarshal.AsBytes(halves), in random);
            seed = Fold(halves[0], halves[1] | 1) | 1;
        }
        while (!Spreads(seed));

        return seed;
    }
}
