using System.Numerics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>
/// The index from hash to slot: buckets of chains through <see cref="Slot.Next"/>, grown and shrunk one bucket at a time (linear
/// hashing, Litwin 1980), so that no single operation pays for rehashing everything. Found without the lock, changed under it.
/// </summary>
/// <remarks>
/// <para>Why a reader without the lock is never wrong:</para>
/// <para>A <em>hit</em> is a slot whose key matches and whose version did not change while key, value and flags were read. How the
/// reader got there does not matter.</para>
/// <para>A <em>miss</em> needs a walk of the whole chain. The last slot of a chain holds the complement of its bucket's number
/// ("nulls list"), so a reader whom a recycled slot led into another chain sees that it ended in the wrong place. New entries go
/// to the head of a chain, so a recycled slot of the same chain sends the reader to its beginning and never past an entry. Only
/// relocation (split, merge, moving an entry between slots) can carry an entry from in front of a reader to behind it;
/// <see cref="_relocations"/> is odd meanwhile, and a reader that missed while it was odd or changed looks again.</para>
/// <para>Freed slots keep their Next, so whoever stands on one walks on. Such pointers form no cycle: a freed slot points to
/// one that was in use later than itself.</para>
/// </remarks>
internal sealed partial class BucketIndex
{
    private const int ChunkShift = 12;
    private const int ChunkSize = 1 << ChunkShift;
    private const int ChunkMask = ChunkSize - 1;
    private const int MinBuckets = 16;

    /// <summary>Tries before a reader asks for the lock. Each one fails only if a writer interfered within some tens of nanoseconds.</summary>
    private const int Attempts = 16;

    private readonly SlotStore _store;
    private int[][] _buckets = [new int[MinBuckets]];
    private int _bucketCount = MinBuckets;
    private uint _relocations;

    public BucketIndex(SlotStore store)
    {
        _store = store;
        Terminate(_buckets[0], 0, 0);
    }

    public int BucketCount => _bucketCount;

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

    /// <summary>
    /// Looks a key up without the lock and without trying twice: what nearly every read needs, in so few instructions that several
    /// lookups overlap in the processor. <see cref="Find"/> answers where this one cannot, and tells why either may be believed.
    /// </summary>
    /// <param name="lookup">The key.</param>
    /// <param name="value">The value, where the entry has nothing else: neither details nor a deadline.</param>
    /// <returns>
    /// The entry's slot; 0 where there is no entry; a slot's number negated where <see cref="TryFindAt"/> may find the entry there; or <see cref="int.MinValue"/>
    /// where it takes <see cref="Find"/> to tell.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindPlain<TLookup>(TLookup lookup, out object? value)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        value = null;
        int hash = lookup.Hash;
        uint relocations = Volatile.Read(ref _relocations);
        int bucket = BucketOf(hash, Volatile.Read(ref _bucketCount));
        int[][] buckets = Volatile.Read(ref _buckets);
        if ((uint)(bucket >> ChunkShift) >= (uint)buckets.Length)
        {
            return int.MinValue;
        }

        int[] heads = buckets[bucket >> ChunkShift];
        if ((uint)(bucket & ChunkMask) >= (uint)heads.Length)
        {
            return int.MinValue;
        }

        int index = Volatile.Read(ref heads[bucket & ChunkMask]);
        Slot[][] chunks = _store.Slots;
        while (index > 0)
        {
            int chunk = index >> SlotStore.ChunkShift;
            if ((uint)chunk >= (uint)chunks.Length)
            {
                return int.MinValue;
            }

            Slot[] slots = chunks[chunk];
            int offset = index & SlotStore.ChunkMask;
            if ((uint)offset >= (uint)slots.Length)
            {
                return int.MinValue;
            }

            ref Slot slot = ref slots[offset];
            if (slot.Hash == hash)
            {
                uint version = Volatile.Read(ref slot.Version);
                object? key = slot.Key;
                object? content = slot.Value;
                uint rest = (uint)slot.Flags | (version & 1);
                Volatile.ReadBarrier();
                if (slot.Version != version || rest != 0)
                {
                    return -index;
                }

                if (key is not null && lookup.Matches(key))
                {
                    value = content;
                    return index;
                }
            }

            index = Volatile.Read(ref slot.Next);
            if (!ReferenceEquals(_store.Slots, chunks))
            {
                return int.MinValue;
            }
        }

        Volatile.ReadBarrier();
        return index == ~bucket && (relocations & 1) == 0 && _relocations == relocations && ReferenceEquals(_store.Slots, chunks) ? 0 : int.MinValue;
    }

    /// <summary>Looks a key up without the lock.</summary>
    /// <param name="lookup">The key.</param>
    /// <param name="place">Where the entry is; or <see cref="Place.Nowhere"/>, or <see cref="Place.Unsure"/> where writers interfered every time.</param>
    /// <returns>The content of the entry's slot, consistent with <paramref name="place"/>.</returns>
    public object? Find<TLookup>(scoped in TLookup lookup, out Place place)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        int hash = lookup.Hash;
        int attempt = 0;
        while (true)
        {
            uint relocations = Volatile.Read(ref _relocations);
            int bucket = BucketOf(hash, Volatile.Read(ref _bucketCount));
            int[][] buckets = Volatile.Read(ref _buckets);
            int index = 0;
            if ((uint)(bucket >> ChunkShift) < (uint)buckets.Length)
            {
                int[] heads = buckets[bucket >> ChunkShift];
                if ((uint)(bucket & ChunkMask) < (uint)heads.Length)
                {
                    index = Volatile.Read(ref heads[bucket & ChunkMask]);
                }
            }

            Slot[][] chunks = _store.Slots;
            while (index > 0)
            {
                int chunk = index >> SlotStore.ChunkShift;
                if ((uint)chunk >= (uint)chunks.Length)
                {
                    break;
                }

                Slot[] slots = chunks[chunk];
                int offset = index & SlotStore.ChunkMask;
                if ((uint)offset >= (uint)slots.Length)
                {
                    break;
                }

                ref Slot slot = ref slots[offset];
                if (slot.Hash == hash)
                {
                    if (!TryRead(slots, index, out object? key, out object? content, out place))
                    {
                        break;
                    }

                    if (key is not null && lookup.Matches(key))
                    {
                        return content;
                    }
                }

                index = Volatile.Read(ref slot.Next);
                if (!ReferenceEquals(_store.Slots, chunks))
                {
                    // An outgrown directory goes on naming the slots of a chunk that was given up since, whose pointers never change again:
                    // over one of them and a chain that changed meanwhile a reader could walk in a circle for ever.
                    break;
                }
            }

            if (index == ~bucket)
            {
                // The directory as well: one that was replaced since may name the old slots of a chunk that was given up and added again,
                // and their pointers may be older than this lookup.
                Volatile.ReadBarrier();
                if ((relocations & 1) == 0 && _relocations == relocations && ReferenceEquals(_store.Slots, chunks))
                {
                    place = Place.Nowhere;
                    return null;
                }
            }

            if (++attempt == Attempts)
            {
                place = Place.Unsure;
                return null;
            }

            Thread.SpinWait(1 << Math.Min(attempt, 6));
        }
    }

    /// <summary>Looks, without the lock, whether the entry with a key is in a slot where it was seen.</summary>
    /// <returns>False where it is not there, or writers interfered: then <see cref="Find"/> tells.</returns>
    public bool TryFindAt<TLookup>(int index, scoped in TLookup lookup, out object? content, out Place place)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        Slot[][] chunks = _store.Slots;
        if ((uint)(index >> SlotStore.ChunkShift) < (uint)chunks.Length
            && chunks[index >> SlotStore.ChunkShift] is var slots
            && (uint)(index & SlotStore.ChunkMask) < (uint)slots.Length)
        {
            return TryRead(slots, index, out object? key, out content, out place) && key is not null && lookup.Matches(key);
        }

        content = null;
        place = Place.Nowhere;
        return false;
    }

    /// <summary>Looks a key up whose comparison is no user code. Under the lock.</summary>
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

    /// <summary>Adds to <paramref name="candidates"/> every entry with the given hash. Under the lock.</summary>
    public void Collect(int hash, List<(object Key, object? Content, Place Place)> candidates)
    {
        for (int index = Head(BucketOf(hash, _bucketCount)); index > 0;)
        {
            ref Slot slot = ref _store.Slot(index);
            if (slot.Hash == hash)
            {
                candidates.Add((slot.Key!, slot.Value, PlaceOf(index)));
            }

            index = slot.Next;
        }
    }

    /// <summary>What a reader would find out about the entry at <paramref name="index"/>. Under the lock.</summary>
    public Place PlaceOf(int index)
    {
        ref Slot slot = ref _store.Slot(index);
        return new Place(
            index, slot.Version, slot.Flags, (slot.Flags & SlotFlags.HasDeadline) == 0 ? long.MaxValue : _store.Deadline(index));
    }

    /// <summary>Publishes a written slot: from here on readers find it. Under the lock.</summary>
    public void Insert(int index)
    {
        ref Slot slot = ref _store.Slot(index);
        ref int head = ref Head(BucketOf(slot.Hash, _bucketCount));
        Volatile.Write(ref slot.Next, head);
        Volatile.Write(ref head, index);
    }

    /// <summary>Takes a slot out of its chain; the slot keeps its Next. Under the lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Remove(int index) => Volatile.Write(ref Predecessor(index), _store.Slot(index).Next);

    /// <summary>Puts <paramref name="to"/>, a copy of the slot at <paramref name="from"/>, in its place. Under the lock, within a relocation.</summary>
    public void Relocate(int from, int to)
    {
        _store.Slot(to).Next = _store.Slot(from).Next;
        Volatile.Write(ref Predecessor(from), to);
    }

    /// <summary>Brings what <see cref="Remove"/> will read for these slots into the processor's cache. Under the lock.</summary>
    /// <param name="indexes">Slots in use; overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fetch(Span<int> indexes)
    {
        // Loads that do not depend on each other overlap in the processor; two passes, since the second needs what the first loads.
        foreach (ref int index in indexes)
        {
            index = Head(BucketOf(_store.Slot(index).Hash, _bucketCount));
        }

        foreach (ref int index in indexes)
        {
            index = index > 0 ? _store.Slot(index).Next : index;
        }
    }

    /// <summary>The first slot of a bucket, or its number complemented. Under the lock.</summary>
    public ref int Head(int bucket) => ref _buckets[bucket >> ChunkShift][bucket & ChunkMask];

    /// <summary>
    /// The bucket of a hash: its low bits, as many as number the buckets, or one fewer where that bucket has not been split off yet.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int BucketOf(int hash, int bucketCount)
    {
        uint mask = uint.MaxValue >> BitOperations.LeadingZeroCount((uint)bucketCount - 1);
        uint bucket = (uint)hash & mask;

        // One bit fewer where the bucket is beyond the last, by the sign of a difference: as a branch it would be a coin toss, and a
        // processor that guesses wrong throws away the memory it has already begun to fetch.
        return (int)(bucket & (mask >> (int)(((uint)bucketCount - 1 - bucket) >> 31)));
    }

    /// <summary>The place that points to a slot that is in its chain.</summary>
    private ref int Predecessor(int index)
    {
        ref int place = ref Head(BucketOf(_store.Slot(index).Hash, _bucketCount));
        while (place != index)
        {
            place = ref _store.Slot(place).Next;
        }

        return ref place;
    }

    /// <summary>Reads a slot without the lock.</summary>
    /// <returns>Whether what was read belongs together.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryRead(Slot[] slots, int index, out object? key, out object? content, out Place place)
    {
        ref Slot slot = ref slots[index & SlotStore.ChunkMask];
        uint version = Volatile.Read(ref slot.Version);
        key = slot.Key;
        content = slot.Value;
        SlotFlags flags = slot.Flags;
        bool hasDeadline = (flags & SlotFlags.HasDeadline) != 0;
        place = new Place(index, version, flags, hasDeadline ? ReadDeadline(index) : long.MaxValue);

        // Without the barrier a weakly ordered processor could read the fields after the version is confirmed, and hand
        // out the value of an entry that took this slot since.
        Volatile.ReadBarrier();
        return slot.Version == version && (version & 1) == 0 && (!hasDeadline || IsPresent(slots, index >> SlotStore.ChunkShift));
    }

    private long ReadDeadline(int index)
    {
        long[][] chunks = _store.Deadlines;
        (int chunk, int offset) = (index >> SlotStore.ChunkShift, index & SlotStore.ChunkMask);
        if ((uint)chunk < (uint)chunks.Length)
        {
            // Read once: between the check of the length and the use of the array the chunk's deadlines may be given up.
            long[] deadlines = Volatile.Read(ref chunks[chunk]);
            if ((uint)offset < (uint)deadlines.Length)
            {
                return Volatile.Read(ref deadlines[offset]);
            }
        }

        // The entry is gone, and the check of the version that follows fails: any answer does.
        return long.MinValue;
    }

    /// <summary>
    /// Whether these are the chunk's slots still. A version in slots that the first chunk has outgrown never changes, so it does not
    /// vouch for a deadline, which is read from where writers go on writing.
    /// </summary>
    private bool IsPresent(Slot[] slots, int chunk) => ReferenceEquals(_store.Slots[chunk], slots);
}
