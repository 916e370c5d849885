using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace BoundedCache.Engine;

/// <summary>
/// The index from hash to slot: buckets of chains through <see cref="Slot.Next"/>, grown and shrunk one bucket at a
/// time (linear hashing, Litwin 1980), so that no single operation rehashes everything. Read without the lock, changed
/// under it.
/// </summary>
/// <remarks>
/// <para>Why a reader without the lock is never wrong:</para>
/// <para>A <em>hit</em> is a slot whose key matches and whose version did not change while key, value and flags were
/// read. It does not matter how the reader got there.</para>
/// <para>A <em>miss</em> needs a walk of the whole chain. The last slot of a chain holds the complement of its bucket's
/// number ("nulls list"), so a reader that a recycled slot led into another chain sees the wrong number at the end. New
/// entries go to the head of a chain, so a recycled slot of the same chain sends the reader to its beginning and never
/// past an entry. Only relocation (split, merge, moving an entry between slots) can move an entry from ahead of a
/// reader to behind it; <see cref="_relocations"/> is odd during a relocation. A reader that missed looks again if the
/// counter was odd or changed.</para>
/// <para>Freed slots keep their Next, so a reader that stands on one can go on. These pointers form no cycle: a freed
/// slot points to one that was still in use when it was freed.</para>
/// </remarks>
internal sealed partial class BucketIndex
{
    private const int ChunkShift = 12;
    private const int ChunkSize = 1 << ChunkShift;
    private const int ChunkMask = ChunkSize - 1;
    private const int MinBuckets = 16;

    private readonly SlotStore _store;
    private readonly CoarseClock? _clock;
    private int[][] _buckets = [new int[MinBuckets]];
    private int _bucketCount = MinBuckets;
    private uint _relocations;

    /// <param name="store">The slots.</param>
    /// <param name="clock">Tells that a deadline is not near; null where only the clock itself can.</param>
    public BucketIndex(SlotStore store, CoarseClock? clock)
    {
        _store = store;
        _clock = clock;
        Terminate(_buckets[0], 0, 0);
    }

    public int BucketCount => _bucketCount;

    /// <summary>
    /// Steps along chains under the lock since the cache exists, for tests: what a key's own poor hash code costs
    /// others. Lookups of strings are not counted, since nobody can choose strings that collide.
    /// </summary>
    internal long ChainSteps { get; private set; }

    /// <summary>Whether a relocation has begun and not ended. Under the lock, for the invariant checker.</summary>
    internal bool IsRelocating => (_relocations & 1) != 0;

    /// <summary>Bytes of the buckets, used or not. May be read without the lock.</summary>
    public long Bytes
    {
        get
        {
            long buckets = 0;
            foreach (int[] heads in Volatile.Read(ref _buckets))
            {
                buckets += heads.Length;
            }

            return buckets * sizeof(int);
        }
    }

    /// <summary>Looks a key up whose comparison runs no user code. Under the lock.</summary>
    /// <returns>The entry's slot, or -1.</returns>
    public int FindLocked<TLookup>(scoped in TLookup lookup)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        int hash = lookup.Hash;
        for (int index = Head(BucketOf(hash, _bucketCount)); index > 0;)
        {
            ref Slot slot = ref _store.Slot(index);
            if (slot.Hash == hash && lookup.Matches(slot.Key!))
            {
                return index;
            }

            index = slot.Next;
        }

        return AccessOrder.None;
    }

    /// <summary>Copies every entry with the given hash, as many as there is room for. Under the lock.</summary>
    /// <returns>How many entries have the hash.</returns>
    public int Collect(int hash, Span<Candidate> candidates)
    {
        int count = 0;
        int steps = 0;
        for (int index = Head(BucketOf(hash, _bucketCount)); index > 0; steps++)
        {
            ref Slot slot = ref _store.Slot(index);
            if (slot.Hash == hash && count++ < candidates.Length)
            {
                candidates[count - 1] = new Candidate(slot.Key!, slot.Value, ReferenceTo(index));
            }

            index = slot.Next;
        }

        ChainSteps += steps;
        return count;
    }

    /// <summary>
    /// The reference that a reader would get for the entry at <paramref name="index"/>. Under the lock.
    /// </summary>
    public SlotRef ReferenceTo(int index)
    {
        ref Slot slot = ref _store.Slot(index);
        return new SlotRef(
            index,
            slot.Version,
            slot.Flags,
            (slot.Flags & SlotFlags.HasDeadline) == 0 ? long.MaxValue : _store.Deadline(index));
    }

    /// <summary>Publishes a written slot: from now on readers find it. Under the lock.</summary>
    public void Insert(int index)
    {
        ref Slot slot = ref _store.Slot(index);
        ref int head = ref Head(BucketOf(slot.Hash, _bucketCount));
        int next = head;
        slot.Previous = 0;
        Volatile.Write(ref slot.Next, next);
        SetPrevious(next, index);
        Volatile.Write(ref head, index);
    }

    /// <summary>Takes a slot out of its chain; the slot keeps its Next. Under the lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Remove(int index)
    {
        ref Slot slot = ref _store.Slot(index);
        int next = slot.Next;
        Volatile.Write(ref PointerTo(in slot), next);
        SetPrevious(next, slot.Previous);
    }

    /// <summary>
    /// Replaces the slot at <paramref name="from"/> in its chain by its copy at <paramref name="to"/>. Under the lock,
    /// within a relocation.
    /// </summary>
    public void Relocate(int from, int to)
    {
        ref Slot source = ref _store.Slot(from);
        ref Slot target = ref _store.Slot(to);
        int next = source.Next;
        target.Next = next;
        target.Previous = source.Previous;
        Volatile.Write(ref PointerTo(in source), to);
        SetPrevious(next, to);
    }

    /// <summary>The first slot of a bucket, or its number complemented. Under the lock.</summary>
    public ref int Head(int bucket) => ref _buckets[bucket >> ChunkShift][bucket & ChunkMask];

    /// <summary>
    /// The bucket of a hash: its low bits, as many as number the buckets, or one fewer where that bucket
    /// has not been split off yet.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int BucketOf(int hash, int bucketCount)
    {
        uint mask = uint.MaxValue >> BitOperations.LeadingZeroCount((uint)bucketCount - 1);
        uint bucket = (uint)hash & mask;

        // One bit fewer if the bucket is beyond the last. Computed from the sign of a difference, without a branch: the
        // processor would mispredict it half of the time and discard the loads it has already begun.
        return (int)(bucket & (mask >> (int)(((uint)bucketCount - 1 - bucket) >> 31)));
    }

    /// <summary>The pointer to a slot in its chain: the head of the bucket or the Next of another slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref int PointerTo(in Slot slot) => ref slot.Previous is > 0 and int previous
        ? ref _store.Slot(previous).Next
        : ref Head(BucketOf(slot.Hash, _bucketCount));

    /// <summary>Notes in a slot, unless it is the chain's end, which slot is before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SetPrevious(int index, int previous)
    {
        if (index > 0)
        {
            _store.Slot(index).Previous = previous;
        }
    }

    /// <summary>
    /// Prefetches the memory that <see cref="Remove"/> will read for these slots. Relies on nothing that it reads, so
    /// it may also be called without the lock.
    /// </summary>
    /// <param name="indexes">Slots.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Prefetch(ReadOnlySpan<int> indexes)
    {
        foreach (int index in indexes)
        {
            ref Slot slot = ref _store.TrySlot(index);
            if (Unsafe.IsNullRef(ref slot))
            {
                continue;
            }

            PrefetchNext(slot.Next);
            if (slot.Previous is > 0 and int previous)
            {
                PrefetchNext(previous);
            }
            else
            {
                Prefetch(ref TryHead(BucketOf(slot.Hash, _bucketCount)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PrefetchNext(int index)
    {
        ref Slot slot = ref _store.TrySlot(index);
        if (!Unsafe.IsNullRef(ref slot))
        {
            Prefetch(ref slot.Next);
        }
    }

    /// <summary>
    /// Prefetches an address, which may be null.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Prefetch(ref int pointer)
    {
        if (Sse.IsSupported)
        {
            // A null address is allowed: then this does nothing.
            Sse.Prefetch0(Unsafe.AsPointer(ref pointer));
        }
        else if (!Unsafe.IsNullRef(ref pointer))
        {
            // A plain load waits, but loads that do not depend on each other overlap.
            Volatile.Read(ref pointer);
        }
    }

    /// <summary>The first slot of a bucket, where it exists; else a null reference.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref int TryHead(int bucket) => ref Chunked.TryGet(_buckets, bucket, ChunkShift);
}

/// <summary>An entry that may be the one that is looked for: its key is still to be compared.</summary>
internal readonly record struct Candidate(object Key, object? Content, SlotRef SlotRef);
