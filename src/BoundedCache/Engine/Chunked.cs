using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>Arrays in chunks, whose chunks may be shorter than they could be, or gone.</summary>
internal static class Chunked
{
    /// <summary>An item, where it exists; else a null reference.</summary>
    /// <param name="chunks">The chunks.</param>
    /// <param name="index">The item's number, or any number.</param>
    /// <param name="shift">
    /// Items in a whole chunk, as a power of two. A constant, so that what is computed with it is one as well.
    /// </param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T TryGet<T>(T[][] chunks, int index, int shift)
    {
        int chunk = index >> shift;
        if ((uint)chunk < (uint)chunks.Length)
        {
            T[] items = chunks[chunk];
            int offset = index & ((1 << shift) - 1);
            if ((uint)offset < (uint)items.Length)
            {
                return ref items[offset];
            }
        }

        return ref Unsafe.NullRef<T>();
    }
}
