namespace BoundedCache.Sizing;

/// <summary>A walk's position in one large array.</summary>
/// <remarks>
/// Each step is about the golden section of the length. Wherever the walk stops, the elements seen are spread evenly
/// over the array, and they are the same ones each time. The step and the length have no common divisor, so that every
/// element is visited once.
/// </remarks>
internal sealed class ArrayCursor(Array array, TypeLayout layout, int group)
{
    private const double GoldenSection = 0.6180339887498949;

    private readonly long _stride = StrideFor(array.LongLength);

    public Array Array { get; } = array;

    public TypeLayout Layout { get; } = layout;

    public int Group { get; } = group;

    public long Length { get; } = array.LongLength;

    /// <summary>Elements visited, also empty ones.</summary>
    public long Seen { get; private set; }

    public bool IsAtEnd => Seen == Length;

    public long NextIndex { get; private set; }

    public void MoveNext()
    {
        Seen++;
        long next = NextIndex + _stride;
        NextIndex = next >= Length ? next - Length : next;
    }

    /// <summary>The index of the element that the cursor visits after <paramref name="rank"/> others.</summary>
    public long IndexAt(long rank) => (long)((UInt128)rank * (ulong)_stride % (ulong)Length);

    private static long StrideFor(long length)
    {
        long stride = Math.Max(1, (long)(length * GoldenSection));
        while (GreatestCommonDivisor(stride, length) != 1)
        {
            stride++;
        }

        return stride;
    }

    private static long GreatestCommonDivisor(long a, long b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
