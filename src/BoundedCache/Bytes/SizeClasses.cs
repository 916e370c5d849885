namespace BoundedCache.Bytes;

/// <summary>
/// The sizes of blocks: eight to a doubling, each rounded up to the largest size of which as many fit into a slab.
/// </summary>
internal static class SizeClasses
{
    private const int Smallest = 32;
    private const int Alignment = 16;

    /// <summary>Blocks beyond this size have large slabs, so that little is left at a slab's end.</summary>
    private const int LargestInSmallSlab = 4096;

    /// <summary>At least four blocks to a slab; what is larger gets slabs for itself.</summary>
    private const int FewestPerSlab = 4;

    /// <summary>The sizes, ascending.</summary>
    public static int[] Sizes { get; } = [.. MakeSizes()];

    /// <summary>The largest block.</summary>
    public static int Largest { get; } = Sizes[^1];

    private static readonly byte[] s_classes = MakeClasses();

    /// <summary>The class of the smallest block that holds so many bytes, at most <see cref="Largest"/>.</summary>
    public static int ClassOf(int size) => s_classes[(size + Alignment - 1) / Alignment];

    /// <summary>Whether blocks of a size lie in large slabs.</summary>
    public static bool IsInLargeSlab(int size) => size > LargestInSmallSlab;

    /// <summary>How many blocks of a size a slab holds.</summary>
    public static int PerSlab(int size) =>
        ((IsInLargeSlab(size) ? SlabPool.LargeSlab : SlabPool.SmallSlab) - SlabPool.HeaderSize) / size;

    private static IEnumerable<int> MakeSizes()
    {
        int last = 0;
        for (int size = Smallest; PerSlab(size) >= FewestPerSlab; size += Math.Max(Alignment, HighestBit(size) / 8))
        {
            int slab = IsInLargeSlab(size) ? SlabPool.LargeSlab : SlabPool.SmallSlab;
            int rounded = (slab - SlabPool.HeaderSize) / PerSlab(size) / Alignment * Alignment;
            rounded = IsInLargeSlab(rounded) == IsInLargeSlab(size) ? rounded : size;
            if (rounded > last)
            {
                yield return last = rounded;
            }
        }

        int largest = (SlabPool.LargeSlab - SlabPool.HeaderSize) / FewestPerSlab / Alignment * Alignment;
        if (largest > last)
        {
            yield return largest;
        }
    }

    private static int HighestBit(int size) => 1 << (31 - int.LeadingZeroCount(size));

    private static byte[] MakeClasses()
    {
        byte[] classes = new byte[(Largest / Alignment) + 1];
        for (int i = 0, at = 0; i < classes.Length; i++)
        {
            while (Sizes[at] < i * Alignment)
            {
                at++;
            }

            classes[i] = (byte)at;
        }

        return classes;
    }
}
