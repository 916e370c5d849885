using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>
/// Knows which slots are free, chunk by chunk. Adds a chunk when no slot is free, drops a chunk when it is empty, and
/// picks the chunk to empty when too many slots are free. All of it under the lock.
/// </summary>
/// <remarks>
/// Free slots are listed per chunk, not in one list, so that a chunk can be dropped without searching for its slots.
/// Chunks with a free slot (open chunks) form a doubly linked list.
/// </remarks>
internal sealed partial class SlotAllocator(SlotStore store)
{
    public const int None = -1;
    private const int FirstLength = 32;

    /// <summary>
    /// How many open chunks are compared to find a sparse one: few enough for one write.
    /// </summary>
    private const int Candidates = 8;

    /// <summary>
    /// The distance between the first versions of two chunks that follow each other. Even, as versions of slots at rest
    /// are, and half of it odd: so they take on every even value before one comes again.
    /// </summary>
    private const uint VersionStride = 2 * 0x9E37;

    private ChunkState[] _chunks = [];
    private int _freeNumbers = None;

    // Number 0 is never used, so no entry has index 0: a slot that was never written (all zeros, its Next among them)
    // cannot lead a reader with an outdated index into the middle of a chain.
    private int _numbers = 1;
    private int _open = None;
    private int _draining = None;
    private uint _nextVersion;

    /// <summary>Slots in use.</summary>
    public int InUse { get; private set; }

    /// <summary>Slots that exist, in use or free.</summary>
    public int Capacity { get; private set; }

    /// <summary>Chunks that exist.</summary>
    public int ChunkCount { get; private set; }

    /// <summary>The first chunk number not handed out yet; some of the lower ones may be without a chunk.</summary>
    public int Numbers => _numbers;

    /// <summary>Whether there are more free slots than the entries justify: then writes shrink the table.</summary>
    public bool HasExcess => Capacity - InUse > (InUse >> 3) + (2 * SlotStore.ChunkSize);

    /// <summary>Whether fewer chunks could hold what is in use.</summary>
    public bool HasSpareChunk => ChunkCount > 0 && Capacity - InUse >= (ChunkCount == 1 ? Capacity
        : _draining != None ? _chunks[_draining].Length
        : SlotStore.ChunkSize);

    /// <summary>Whether a shorter chunk could hold what is in use.</summary>
    public bool HasSpareLength => ChunkCount == 1 && InUse > 0 && Capacity > LengthFor(InUse);

    public ref ChunkState State(int chunk) => ref _chunks[chunk];

    /// <summary>Takes a free slot. Its <see cref="Slot.Version"/> is even; its other fields are stale.</summary>
    public int Allocate()
    {
        if (_open == None)
        {
            AddSpace();
        }

        int chunk = _open;
        ref ChunkState state = ref _chunks[chunk];
        int index = state.FreeHead;
        if (index != None)
        {
            state.FreeHead = store.Node(index).Older;
        }
        else
        {
            index = (chunk << SlotStore.ChunkShift) + state.Fresh++;
            store.Slot(index).Version = state.FirstVersion;
        }

        InUse++;
        if (++state.InUse == state.Length)
        {
            RemoveOpen(chunk);
        }

        return index;
    }

    /// <summary>Takes a slot back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Free(int index)
    {
        int chunk = index >> SlotStore.ChunkShift;
        ref ChunkState state = ref _chunks[chunk];
        ref OrderNode node = ref store.Node(index);
        node.Vacate();
        node.Older = state.FreeHead;
        state.FreeHead = index;
        InUse--;
        if (state.InUse-- == state.Length && chunk != _draining)
        {
            AddOpen(chunk);
        }

        // Only if another chunk's worth of slots is free: else the next few entries would add the chunk again.
        if (state.InUse == 0 && Capacity - InUse >= 2 * SlotStore.ChunkSize)
        {
            Drop(chunk);
        }
    }

    /// <summary>
    /// Takes a sparse chunk out of use for new entries, so that its entries can be moved elsewhere. When the last one
    /// leaves, the chunk is given up.
    /// </summary>
    /// <returns>False where the other chunks have no room for its entries.</returns>
    public bool TryBeginDrain(out int chunk)
    {
        if (_draining == None)
        {
            int best = None;
            int candidate = _open;
            for (int i = 0; i < Candidates && candidate != None; i++, candidate = _chunks[candidate].NextOpen)
            {
                if (best == None || _chunks[candidate].InUse < _chunks[best].InUse)
                {
                    best = candidate;
                }
            }

            if (best == None || FreeOutside(best) < _chunks[best].InUse)
            {
                chunk = None;
                return false;
            }

            RemoveOpen(best);
            _draining = best;

            // From its beginning, even if it was being emptied before: its first slots may be in use again.
            DrainCursor = best << SlotStore.ChunkShift;
        }
        else if (FreeOutside(_draining) < _chunks[_draining].InUse)
        {
            EndDrain();
            chunk = None;
            return false;
        }

        chunk = _draining;
        return true;
    }

    /// <summary>
    /// Adds a chunk just long enough for what is in use, and begins to empty the only other one into it. Only where
    /// <see cref="HasSpareLength"/> says that it pays.
    /// </summary>
    public void BeginShortening()
    {
        int only = OnlyChunk();
        AddChunk(LengthFor(InUse));
        if (_draining == None)
        {
            RemoveOpen(only);
            _draining = only;
            DrainCursor = only << SlotStore.ChunkShift;
        }
    }

    /// <summary>Puts a chunk that was being emptied back into use, or drops it if it is empty.</summary>
    public void EndDrain()
    {
        int chunk = _draining;
        if (chunk == None)
        {
            return;
        }

        _draining = None;
        if (_chunks[chunk].InUse < _chunks[chunk].Length)
        {
            AddOpen(chunk);
        }

        if (_chunks[chunk].InUse == 0)
        {
            Drop(chunk);
        }
    }

    /// <summary>The chunk that is being emptied, or <see cref="None"/>.</summary>
    public int Draining => _draining;

    /// <summary>
    /// The slot at which emptying goes on. No entry is inserted into a chunk that is being emptied, so the slots before
    /// the cursor stay empty.
    /// </summary>
    public int DrainCursor { get; set; }

    /// <summary>The length of a single chunk that holds so many entries: it grows fourfold.</summary>
    private static int LengthFor(int entries)
    {
        int length = FirstLength;
        while (length < entries)
        {
            length *= 4;
        }

        return Math.Min(length, SlotStore.ChunkSize);
    }

    private int FreeOutside(int chunk) => Capacity - InUse - (_chunks[chunk].Length - _chunks[chunk].InUse);
}
