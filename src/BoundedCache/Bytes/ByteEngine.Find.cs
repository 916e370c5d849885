namespace BoundedCache.Bytes;

/// <summary>Finds entries without the lock, and copies what was found if it is still the same entry's.</summary>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>Slots of a chain that a reader walks over; a longer chain is read under the lock.</summary>
    private const int LongestWalk = 1024;

    private enum Found
    {
        Miss,
        Hit,

        /// <summary>To be looked up under the lock.</summary>
        Locked,
    }

    /// <summary>Looks a key up without the lock.</summary>
    private Found Find(in EncodedKey key, out Seen seen)
    {
        seen = default;
        for (int tries = 0; tries < Tries; tries++)
        {
            uint relocations = _table.Index.Relocations;
            int buckets = _table.Index.Count;
            if (buckets == 0)
            {
                if ((relocations & 1) == 0 && relocations == _table.Index.Relocations)
                {
                    return Found.Miss;
                }

                continue;
            }

            int bucket = ByteIndex.BucketOf(key.Hash, buckets);
            int* head = _table.Index.TryHead(bucket);
            int index = head is null ? 0 : Volatile.Read(ref *head);
            Found found = Walk(key, ref index, ref seen);
            if (found != Found.Miss)
            {
                return found;
            }

            Volatile.ReadBarrier();
            if (index == ~bucket && (relocations & 1) == 0 && relocations == _table.Index.Relocations)
            {
                return Found.Miss;
            }

            if (tries > 2)
            {
                Thread.SpinWait(1 << Math.Min(tries, 8));
            }
        }

        return Found.Locked;
    }

    /// <summary>Walks a chain that may be changing.</summary>
    /// <param name="key">The key.</param>
    /// <param name="index">Where it begins; in the end what ends the chain, or 0 to begin again.</param>
    /// <param name="seen">What was found.</param>
    private Found Walk(in EncodedKey key, ref int index, ref Seen seen)
    {
        for (int steps = 0; index > 0; steps++)
        {
            var slot = (ByteSlot*)_table.Slots.TryAt(index);
            if (slot is null || steps == LongestWalk)
            {
                index = 0;
                return steps == LongestWalk ? Found.Locked : Found.Miss;
            }

            uint version = Volatile.Read(ref slot->Version);
            if (slot->Hash == key.Hash)
            {
                var place = new Place(slot->Place);
                int length = slot->Length;
                Volatile.ReadBarrier();
                if ((version & 1) != 0 || Volatile.Read(ref slot->Version) != version)
                {
                    index = 0;
                    return Found.Miss;
                }

                if (place.Word != 0 && place.KeyLength == key.Bytes.Length && place.IsWide == key.IsWide)
                {
                    // From here on address and lengths belong together, so nothing is read beyond the block.
                    int first = FirstKeyBytes(place);
                    bool isEqual = new ReadOnlySpan<byte>(place.Block + place.Header, first)
                        .SequenceEqual(key.Bytes[..first]);
                    Volatile.ReadBarrier();
                    if (Volatile.Read(ref slot->Version) != version)
                    {
                        index = 0;
                        return Found.Miss;
                    }

                    if (isEqual)
                    {
                        seen = new Seen(index, version, place, length, slot);
                        return place.IsChain || place.IsSliding ? Found.Locked : Found.Hit;
                    }
                }
            }

            index = Volatile.Read(ref slot->Next);
        }

        return Found.Miss;
    }

    /// <summary>Copies a value of one block.</summary>
    /// <returns>Whether it was one value, that of the entry that was seen.</returns>
    private bool TryCopy(in Seen seen, Span<byte> into, out bool isExpired)
    {
        byte* block = seen.Place.Block;
        long deadline = seen.Place.HasDeadline
            ? Volatile.Read(ref ((BlockHeader*)block)->Deadline)
            : long.MaxValue;
        new ReadOnlySpan<byte>(block + seen.Place.Header + seen.Place.KeyLength, seen.Length).CopyTo(into);

        // The clock is read before the check, so that an entry that was replaced since is not taken for expired.
        isExpired = deadline != long.MaxValue && deadline <= Now;
        Volatile.ReadBarrier();
        bool isCurrent = Volatile.Read(ref seen.Slot->Version) == seen.Version;
        GC.KeepAlive(_space);
        return isCurrent;
    }

    /// <summary>An entry as a reader saw it, with the version that it is checked against.</summary>
    private readonly struct Seen(int index, uint version, Place place, int length, ByteSlot* slot)
    {
        public readonly int Index = index;
        public readonly uint Version = version;
        public readonly Place Place = place;
        public readonly int Length = length;
        public readonly ByteSlot* Slot = slot;
    }
}
