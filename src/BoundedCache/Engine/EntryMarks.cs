namespace BoundedCache.Engine;

/// <summary>What background measurements must know of an entry.</summary>
/// <param name="CanChange">Whether the value can change and may be measured again without the user's code.</param>
/// <param name="IsHot">Whether values of its type were seen to change, so that it is measured before others.</param>
/// <param name="DeclaredBytes">The declared size, below which it is never charged; 0 for none.</param>
/// <param name="SizedKeyBytes">What the user's sizer said of the key; 0 where the key's type has none.</param>
internal readonly record struct EntryMarks(bool CanChange, bool IsHot, long DeclaredBytes, long SizedKeyBytes)
{
    /// <summary>The same marks for an entry that is measured before others.</summary>
    public EntryMarks AsHot() => this with { IsHot = CanChange };
}

/// <summary>
/// Bytes that few entries have beside their charge: a column of 8 bytes a slot, in chunks where there is such an entry.
/// Guarded by the engine's lock.
/// </summary>
internal sealed class RareSizes
{
    private long[]?[] _chunks = [];
    private int[] _counts = [];

    public long this[int index] =>
        index >> SlotStore.ChunkShift is var chunk && chunk < _chunks.Length && _chunks[chunk] is { } sizes
            ? sizes[index & SlotStore.ChunkMask]
            : 0;

    /// <summary>Sets a slot's size; false where there is no memory for it, and then it stays 0.</summary>
    public bool TrySet(int index, long bytes)
    {
        int chunk = index >> SlotStore.ChunkShift;
        long before = this[index];
        if (before == bytes)
        {
            return true;
        }

        try
        {
            Ensure(chunk);
        }
        catch (OutOfMemoryException)
        {
            return false;
        }

        _chunks[chunk]![index & SlotStore.ChunkMask] = bytes;
        _counts[chunk] += (bytes != 0 ? 1 : 0) - (before != 0 ? 1 : 0);
        if (_counts[chunk] == 0)
        {
            _chunks[chunk] = null;
        }

        return true;
    }

    private void Ensure(int chunk)
    {
        if (chunk >= _chunks.Length)
        {
            int length = Math.Max(chunk + 1, 2 * _chunks.Length);
            var counts = new int[length];
            Array.Resize(ref _chunks, length);
            _counts.CopyTo(counts, 0);
            _counts = counts;
        }

        _chunks[chunk] ??= new long[SlotStore.ChunkSize];
    }
}
