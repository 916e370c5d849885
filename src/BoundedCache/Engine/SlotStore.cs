using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>
/// The arrays that hold entries: chunks of 2,048 slots, order nodes and (only if an entry in the chunk expires)
/// deadlines, each array below the large-object threshold. Chunks are added and dropped; an entry's index stays while
/// its chunk does.
/// </summary>
/// <remarks>
/// Readers do not take the lock. Any chunk may grow, or be dropped or added, while they read. So they check every index
/// against the length of the array they have. A dropped chunk is an empty array. The first chunk grows by copying, and
/// readers may still have the old array, to which nobody writes any more.
/// </remarks>
/// <param name="keepsTimes">Whether slots have a time of queueing.</param>
internal sealed class SlotStore(bool keepsTimes = false)
{
    public const int ChunkShift = 11;
    public const int ChunkSize = 1 << ChunkShift;
    public const int ChunkMask = ChunkSize - 1;

    /// <summary>Bytes for each slot, deadlines excepted.</summary>
    public int BytesPerSlot { get; } =
        Unsafe.SizeOf<Slot>() + Unsafe.SizeOf<OrderNode>() + (keepsTimes ? sizeof(uint) : 0);

    private Slot[][] _slots = [];
    private OrderNode[][] _nodes = [];
    private long[][] _deadlines = [];

    /// <summary>When entries were queued, in an order that needs it; else no chunk has any.</summary>
    private uint[][] _queuedAt = [];

    /// <summary>The chunks of slots, for readers without the lock.</summary>
    public Slot[][] Slots
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _slots);
    }

    /// <summary>The chunks of deadlines, empty arrays where no entry expires, for readers without the lock.</summary>
    public long[][] Deadlines => Volatile.Read(ref _deadlines);

    /// <summary>Bytes of the deadlines that exist. May be read without the lock.</summary>
    public long DeadlineBytes
    {
        get
        {
            long deadlines = 0;
            foreach (long[] chunk in Deadlines)
            {
                deadlines += chunk.Length;
            }

            return deadlines * sizeof(long);
        }
    }

    /// <summary>
    /// Whether the nodes are larger than the processor's own caches, so that prefetching pays: from 64 chunks on, 2 MB.
    /// </summary>
    public bool IsLarge => _nodes.Length >= 64;

    /// <summary>The slot at an index that is allocated. Under the lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref Slot Slot(int index) => ref _slots[index >> ChunkShift][index & ChunkMask];

    /// <summary>The order node of the slot at an index that is allocated. Under the lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref OrderNode Node(int index) => ref _nodes[index >> ChunkShift][index & ChunkMask];

    /// <summary>When the entry at an index was queued, if the order keeps it. Under the lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref uint QueuedAt(int index) => ref _queuedAt[index >> ChunkShift][index & ChunkMask];

    /// <summary>The deadline of the slot at an index whose chunk has deadlines. Under the lock.</summary>
    public ref long Deadline(int index) => ref _deadlines[index >> ChunkShift][index & ChunkMask];

    /// <summary>
    /// The order node at an index, or a null reference if its chunk is gone. Without the lock, callers must not rely on
    /// what it holds.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref OrderNode TryNode(int index) => ref Chunked.TryGet(_nodes, index, ChunkShift);

    /// <summary>
    /// The slot at an index, or a null reference if its chunk is gone. Without the lock, callers must not rely on what
    /// it holds.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref Slot TrySlot(int index) => ref Chunked.TryGet(_slots, index, ChunkShift);

    /// <summary>Whether an index lies in a chunk that exists. Under the lock.</summary>
    public bool Exists(int index) => !Unsafe.IsNullRef(ref TryNode(index));

    /// <summary>
    /// Makes chunk <paramref name="chunk"/> exist with a length of at least
    /// <paramref name="length"/>, keeping what it holds.
    /// </summary>
    /// <remarks>
    /// All allocation comes before the first change: an <see cref="OutOfMemoryException"/> leaves the store as it was.
    /// </remarks>
    public void EnsureChunk(int chunk, int length)
    {
        Slot[][] slotChunks = WithRoom(_slots, chunk);
        OrderNode[][] nodeChunks = WithRoom(_nodes, chunk);
        long[][] deadlineChunks = WithRoom(_deadlines, chunk);
        uint[][] timeChunks = keepsTimes ? WithRoom(_queuedAt, chunk) : [];
        var slots = new Slot[length];
        var nodes = new OrderNode[length];
        long[] deadlines = deadlineChunks[chunk].Length > 0 ? NewDeadlines(length) : [];

        uint[] times = keepsTimes ? new uint[length] : [];

        slotChunks[chunk].CopyTo(slots, 0);
        nodeChunks[chunk].CopyTo(nodes, 0);
        deadlineChunks[chunk].CopyTo(deadlines, 0);

        if (keepsTimes)
        {
            timeChunks[chunk].CopyTo(times, 0);
            timeChunks[chunk] = times;
            _queuedAt = timeChunks;
        }

        // Slots last: a reader that finds the new slots finds their deadlines as well.
        Volatile.Write(ref deadlineChunks[chunk], deadlines);
        Volatile.Write(ref _deadlines, deadlineChunks);
        nodeChunks[chunk] = nodes;
        _nodes = nodeChunks;
        Volatile.Write(ref slotChunks[chunk], slots);
        Volatile.Write(ref _slots, slotChunks);
    }

    /// <summary>Gives the chunk of <paramref name="index"/> deadlines, if it has none. Under the lock.</summary>
    public void EnsureDeadlines(int index)
    {
        int chunk = index >> ChunkShift;
        if (_deadlines[chunk].Length == 0)
        {
            Volatile.Write(ref _deadlines[chunk], NewDeadlines(_slots[chunk].Length));
        }
    }

    /// <summary>Drops the deadlines of a chunk in which nothing expires any more. Under the lock.</summary>
    public void DropDeadlines(int chunk) => Volatile.Write(ref _deadlines[chunk], []);

    /// <summary>Drops a chunk without entries. Under the lock.</summary>
    public void DropChunk(int chunk)
    {
        Volatile.Write(ref _slots[chunk], []);
        _nodes[chunk] = [];
        if (keepsTimes)
        {
            _queuedAt[chunk] = [];
        }

        DropDeadlines(chunk);
    }

    /// <summary>Deadlines at never, so that the scan for expired entries skips slots without a deadline.</summary>
    private static long[] NewDeadlines(int length)
    {
        var deadlines = new long[length];
        Array.Fill(deadlines, long.MaxValue);
        return deadlines;
    }

    /// <summary>
    /// A directory with room for one more chunk number; new elements are empty arrays. A full directory is copied, a
    /// few KB at most.
    /// </summary>
    private static T[][] WithRoom<T>(T[][] directory, int chunk)
    {
        if (chunk < directory.Length)
        {
            return directory;
        }

        var larger = new T[Math.Max(chunk + 1, directory.Length * 2)][];
        directory.CopyTo(larger, 0);
        Array.Fill(larger, [], directory.Length, larger.Length - directory.Length);
        return larger;
    }
}

/// <summary>Arrays in chunks, whose chunks may be shorter than they could be, or gone.</summary>
internal static class Chunked
{
    /// <summary>An item, or a null reference if it does not exist.</summary>
    /// <param name="chunks">The chunks.</param>
    /// <param name="index">The item's number, or any number.</param>
    /// <param name="shift">
    /// Items in a whole chunk, as a power of two. Must be a constant, so that the compiler can compute with it.
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
