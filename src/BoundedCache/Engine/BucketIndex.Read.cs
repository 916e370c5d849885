using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>Looking keys up without the lock.</summary>
internal sealed partial class BucketIndex
{
    /// <summary>
    /// Attempts before a reader takes the lock. An attempt fails only if a writer changed something during it.
    /// </summary>
    private const int Attempts = 16;

    /// <summary>
    /// Looks a key up without the lock and without a second attempt. Nearly every read needs only this. It has so few
    /// instructions that several lookups overlap in the processor. Where it cannot tell, <see cref="Find"/> can; see
    /// there why both are right.
    /// </summary>
    /// <param name="lookup">The key.</param>
    /// <param name="value">The value, if the entry has no details, and no deadline that may be near.</param>
    /// <returns>
    /// The entry's slot; 0 if there is no entry; a negated slot number if <see cref="TryFindAt"/> may find the entry in
    /// that slot; <see cref="int.MinValue"/> if only <see cref="Find"/> can tell.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindPlain<TLookup, TUse>(TLookup lookup, out object? value)
        where TLookup : struct, IKeyLookup, allows ref struct
        where TUse : struct, IUseNote
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
                uint version = Volatile.Read(ref slot.VersionAndMark);
                object? key = slot.Key;
                object? content = slot.Value;
                uint rest = (uint)slot.Flags | (version & 1);
                Volatile.ReadBarrier();
                if (rest is not (0 or (uint)SlotFlags.HasDeadline)
                    || (TUse.Marks
                        ? !Slot.AreSameVersion(slot.VersionAndMark, version)
                        : slot.VersionAndMark != version))
                {
                    return -index;
                }

                if (key is not null && lookup.Matches(key))
                {
                    if (rest != 0 && !IsAhead(slots, index, version))
                    {
                        return -index;
                    }

                    if (TUse.Marks)
                    {
                        slot.Use(version);
                    }

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
    /// Where the entry is; <see cref="SlotRef.Nowhere"/>; or <see cref="SlotRef.Unsure"/> if writers interfered with
    /// every attempt.
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
                    // A replaced directory still names the slots of a chunk that was dropped since. Their pointers
                    // never change again, so together with a chain that changed meanwhile they could form a cycle, and
                    // the reader would never end.
                    break;
                }
            }

            if (index == ~bucket)
            {
                // The directory must be the same too: a replaced one may name the old slots of a chunk that was dropped
                // and added again, and their pointers may be older than this lookup.
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

    /// <summary>Checks, without the lock, whether the entry with a key is in a slot where it was seen.</summary>
    /// <returns>False if it is not there, or if writers interfered: then use <see cref="Find"/>.</returns>
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

    /// <summary>Whether the deadline of an entry that was read is far ahead, and the entry still there.</summary>
    /// <returns>False also where only the clock can tell.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool IsAhead(Slot[] slots, int index, uint version)
    {
        if (_clock is null)
        {
            return false;
        }

        long deadline = ReadDeadline(index);
        Volatile.ReadBarrier();
        return Slot.AreSameVersion(slots[index & SlotStore.ChunkMask].VersionAndMark, version)
            && IsPresent(slots, index >> SlotStore.ChunkShift)
            && _clock.IsAhead(deadline);
    }

    /// <summary>Reads a slot without the lock.</summary>
    /// <returns>Whether the fields that were read belong to one entry.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryRead(Slot[] slots, int index, out object? key, out object? content, out SlotRef slotRef)
    {
        ref Slot slot = ref slots[index & SlotStore.ChunkMask];
        uint version = Volatile.Read(ref slot.VersionAndMark);
        key = slot.Key;
        content = slot.Value;
        SlotFlags flags = slot.Flags;
        bool hasDeadline = (flags & SlotFlags.HasDeadline) != 0;
        slotRef = new SlotRef(index, Slot.VersionIn(version), flags, hasDeadline ? ReadDeadline(index) : long.MaxValue);

        // Without the barrier a weakly ordered processor could read the fields after it checked the version, and return
        // the value of a later entry of this slot.
        Volatile.ReadBarrier();
        return Slot.AreSameVersion(slot.VersionAndMark, version)
            && (version & 1) == 0
            && (!hasDeadline || IsPresent(slots, index >> SlotStore.ChunkShift));
    }

    private long ReadDeadline(int index)
    {
        long[][] chunks = _store.Deadlines;
        (int chunk, int offset) = (index >> SlotStore.ChunkShift, index & SlotStore.ChunkMask);
        if ((uint)chunk < (uint)chunks.Length)
        {
            // Read once: the chunk's deadlines may be dropped between the check of the length and the use of the array.
            long[] deadlines = Volatile.Read(ref chunks[chunk]);
            if ((uint)offset < (uint)deadlines.Length)
            {
                return Volatile.Read(ref deadlines[offset]);
            }
        }

        // The entry is gone. The check of the version that follows fails, so the result does not matter.
        return long.MinValue;
    }

    /// <summary>
    /// Whether these are still the chunk's slots. When the first chunk grows, the versions in its old array never
    /// change again. Then they say nothing about a deadline, which is read from the array that writers still write to.
    /// </summary>
    private bool IsPresent(Slot[] slots, int chunk) => ReferenceEquals(_store.Slots[chunk], slots);
}

/// <summary>
/// How a lookup notes the use of the entry that it finds: known to the compiler, so it costs no branch.
/// </summary>
internal interface IUseNote
{
    /// <summary>Whether the lookup raises <see cref="Slot.Mark"/>; if not, its caller notes the use.</summary>
    static abstract bool Marks { get; }
}

internal readonly struct RaisesMark : IUseNote
{
    public static bool Marks => true;
}

internal readonly struct LeavesMark : IUseNote
{
    public static bool Marks => false;
}
