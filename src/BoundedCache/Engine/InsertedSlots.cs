namespace BoundedCache.Engine;

/// <summary>
/// The slots that took in an entry since an enumeration of keys began, a bit a slot. Without them a key that is removed
/// behind the enumeration and stored again ahead of it would be shown twice. Guarded by the engine's lock.
/// </summary>
internal sealed class InsertedSlots(int chunks)
{
    private const int WordShift = 6;

    private readonly ulong[]?[] _words = new ulong[]?[chunks];

    /// <summary>Chunks that there were when the enumeration began. What lies beyond are newcomers all.</summary>
    public int Chunks => _words.Length;

    public void Note(int index)
    {
        int chunk = index >> SlotStore.ChunkShift;
        if (chunk < _words.Length)
        {
            ulong[] words = _words[chunk] ??= new ulong[SlotStore.ChunkSize >> WordShift];
            // A shift counts modulo 64, the bits of a word.
            words[(index & SlotStore.ChunkMask) >> WordShift] |= 1UL << index;
        }
    }

    public bool Contains(int index) =>
        _words[index >> SlotStore.ChunkShift] is { } words
        && (words[(index & SlotStore.ChunkMask) >> WordShift] & (1UL << index)) != 0;
}
