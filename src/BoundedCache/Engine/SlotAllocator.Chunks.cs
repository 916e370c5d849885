using System.Diagnostics;
using System.Globalization;

namespace BoundedCache.Engine;

/// <summary>Adding chunks, dropping them, and the list of those with a free slot.</summary>
internal sealed partial class SlotAllocator
{
    /// <summary>Chunks with a free slot, for the invariant checker.</summary>
    public IEnumerable<int> OpenChunks()
    {
        for (int chunk = _open; chunk != None; chunk = _chunks[chunk].NextOpen)
        {
            yield return chunk;
        }
    }

    private void AddSpace()
    {
        if (_draining != None && _chunks[_draining].InUse < _chunks[_draining].Length)
        {
            // The number of entries grows again, so the chunk that was being emptied is needed. Not by EndDrain, which
            // would drop the chunk if it is empty already, and leave the caller without space.
            AddOpen(_draining);
            _draining = None;
            return;
        }

        // A small cache stays small: the first chunk starts with a few slots and grows fourfold, by copying.
        if (ChunkCount == 1 && Capacity < SlotStore.ChunkSize)
        {
            int only = OnlyChunk();
            int length = Math.Min(Capacity * 4, SlotStore.ChunkSize);
            store.EnsureChunk(only, length);
            Capacity = length;
            _chunks[only].Length = length;
            AddOpen(only);
            return;
        }

        AddChunk(ChunkCount == 0 ? FirstLength : SlotStore.ChunkSize);
    }

    private void AddChunk(int size)
    {
        int chunk = _freeNumbers != None ? _freeNumbers : _numbers;
        if (chunk > Slot.MaxIndex >> SlotStore.ChunkShift)
        {
            throw new InsufficientMemoryException(
                string.Create(CultureInfo.InvariantCulture, $"Expected at most {Slot.MaxIndex:N0} entries."));
        }

        if (chunk >= _chunks.Length)
        {
            Array.Resize(ref _chunks, Math.Max(4, _chunks.Length * 2));
        }

        store.EnsureChunk(chunk, size);
        if (chunk == _freeNumbers)
        {
            _freeNumbers = _chunks[chunk].NextOpen;
        }
        else
        {
            _numbers++;
        }

        // A new chunk begins with versions that no recent chunk of this number had, so that no slot reference into an
        // old chunk matches a slot of the new one.
        _nextVersion += VersionStride;
        _chunks[chunk] = new ChunkState { Length = size, FreeHead = None, FirstVersion = _nextVersion };
        ChunkCount++;
        Capacity += size;
        AddOpen(chunk);
    }

    /// <summary>The number of the chunk, where there is one.</summary>
    private int OnlyChunk()
    {
        int only = 1;
        while (_chunks[only].Length == 0)
        {
            only++;
        }

        return only;
    }

    private void Drop(int chunk)
    {
        ref ChunkState state = ref _chunks[chunk];
        Debug.Assert(state.InUse == 0, "A chunk is dropped when it is empty.");
        if (chunk == _draining)
        {
            _draining = None;
        }
        else
        {
            RemoveOpen(chunk);
        }

        ChunkCount--;
        Capacity -= state.Length;
        store.DropChunk(chunk);
        state = new ChunkState { FreeHead = None, NextOpen = _freeNumbers };
        _freeNumbers = chunk;
    }

    private void AddOpen(int chunk)
    {
        _chunks[chunk].PreviousOpen = None;
        _chunks[chunk].NextOpen = _open;
        if (_open != None)
        {
            _chunks[_open].PreviousOpen = chunk;
        }

        _open = chunk;
    }

    private void RemoveOpen(int chunk)
    {
        (int previous, int next) = (_chunks[chunk].PreviousOpen, _chunks[chunk].NextOpen);
        if (previous != None)
        {
            _chunks[previous].NextOpen = next;
        }
        else
        {
            _open = next;
        }

        if (next != None)
        {
            _chunks[next].PreviousOpen = previous;
        }
    }
}

/// <summary>What <see cref="SlotAllocator"/> knows about one chunk.</summary>
internal struct ChunkState
{
    /// <summary>Slots of the chunk; 0 for a number without a chunk.</summary>
    public int Length;

    public int InUse;

    /// <summary>Slots that were handed out at least once; the rest were never written.</summary>
    public int Fresh;

    /// <summary>The slot freed last, or -1.</summary>
    public int FreeHead;

    public uint FirstVersion;

    public int PreviousOpen;

    /// <summary>The next open chunk; for a number without a chunk, the next such number.</summary>
    public int NextOpen;

    /// <summary>Entries of the chunk that have a deadline.</summary>
    public int Expiring;
}
