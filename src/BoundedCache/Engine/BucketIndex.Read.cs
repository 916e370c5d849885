using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>Looking keys up without the lock.</summary>
internal sealed partial class BucketIndex
{
    /// <summary>
    /// Tries before a reader asks for the lock. Each one fails only if a writer interfered within
    /// some tens of nanoseconds.
    /// </summary>
    private const int Attempts = 16;

    /// <summary>
    /// Looks a key up without the lock and without trying twice: what nearly every read needs, in so few
    /// instructions that several lookups overlap in the processor. <see cref="Find"/> answers where this one cannot,
    /// and tells why either may be believed.
    /// </summary>
    /// <param name="lookup">The key.</param>
    /// <param name="value">The value, where the entry has nothing else: neither details nor a deadline.</param>
    /// <returns>
    /// The entry's slot; 0 where there is no entry; a slot's number negated where <see cref="TryFindAt"/> may find the
    /// entry there; or <see cref="int.MinValue"/> where it takes <see cref="Find"/> to tell.
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
        return index == ~bucket
            && (relocations & 1) == 0
            && _relocations == relocations
            && ReferenceEquals(_store.Slots, chunks)
            ? 0
            : int.MinValue;
    }

    /// <summary>Looks a key up without the lock.</summary>
    /// <param name="lookup">The key.</param>
    /// <param name="slotRef">
    /// Where the entry is; or <see cref="SlotRef.Nowhere"/>, or <see cref="SlotRef.Unsure"/> where
    /// writers interfered every time.
    /// </param>
    /// <returns>The content of the entry's slot, consistent with <paramref name="slotRef"/>.</returns>
    public object? Find<TLookup>(scoped in TLookup lookup, out SlotRef slotRef)
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
                    if (!TryRead(slots, index, out object? key, out object? content, out slotRef))
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
                    // An outgrown directory goes on naming the slots of a chunk that was given up since, whose
                    // pointers never change again: over one of them and a chain that changed meanwhile a reader could
                    // walk in a circle for ever.
                    break;
                }
            }

            if (index == ~bucket)
            {
                // The directory as well: one that was replaced since may name the old slots of a chunk that was given
                // up and added again, and their pointers may be older than this lookup.
                Volatile.ReadBarrier();
                if ((relocations & 1) == 0 && _relocations == relocations && ReferenceEquals(_store.Slots, chunks))
                {
                    slotRef = SlotRef.Nowhere;
                    return null;
                }
            }

            if (++attempt == Attempts)
            {
                slotRef = SlotRef.Unsure;
                return null;
            }

            Thread.SpinWait(1 << Math.Min(attempt, 6));
        }
    }

    /// <summary>Looks, without the lock, whether the entry with a key is in a slot where it was seen.</summary>
    /// <returns>False where it is not there, or writers interfered: then <see cref="Find"/> tells.</returns>
    public bool TryFindAt<TLookup>(int index, scoped in TLookup lookup, out object? content, out SlotRef slotRef)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        Slot[][] chunks = _store.Slots;
        if ((uint)(index >> SlotStore.ChunkShift) < (uint)chunks.Length
            && chunks[index >> SlotStore.ChunkShift] is var slots
            && (uint)(index & SlotStore.ChunkMask) < (uint)slots.Length)
        {
            return TryRead(slots, index, out object? key, out content, out slotRef)
                && key is not null
                && lookup.Matches(key);
        }

        content = null;
        slotRef = SlotRef.Nowhere;
        return false;
    }

    /// <summary>Reads a slot without the lock.</summary>
    /// <returns>Whether what was read belongs together.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryRead(Slot[] slots, int index, out object? key, out object? content, out SlotRef slotRef)
    {
        ref Slot slot = ref slots[index & SlotStore.ChunkMask];
        uint version = Volatile.Read(ref slot.Version);
        key = slot.Key;
        content = slot.Value;
        SlotFlags flags = slot.Flags;
        bool hasDeadline = (flags & SlotFlags.HasDeadline) != 0;
        slotRef = new SlotRef(index, version, flags, hasDeadline ? ReadDeadline(index) : long.MaxValue);

        // Without the barrier a weakly ordered processor could read the fields after the version is confirmed, and hand
        // out the value of an entry that took this slot since.
        Volatile.ReadBarrier();
        return slot.Version == version
            && (version & 1) == 0
            && (!hasDeadline || IsPresent(slots, index >> SlotStore.ChunkShift));
    }

    private long ReadDeadline(int index)
    {
        long[][] chunks = _store.Deadlines;
        (int chunk, int offset) = (index >> SlotStore.ChunkShift, index & SlotStore.ChunkMask);
        if ((uint)chunk < (uint)chunks.Length)
        {
            // Read once: between the check of the length and the use of the array the chunk's
            // deadlines may be given up.
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
    /// Whether these are the chunk's slots still. A version in slots that the first chunk has outgrown never changes,
    /// so it does not vouch for a deadline, which is read from where writers go on writing.
    /// </summary>
    private bool IsPresent(Slot[] slots, int chunk) => ReferenceEquals(_store.Slots[chunk], slots);
}
