using System.Numerics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>Growing and shrinking the index, a bucket at a time.</summary>
internal sealed partial class BucketIndex
{
    /// <summary>Tells readers that entries change their places, so that a miss is not to be believed until <see cref="EndRelocation"/>.</summary>
    public void BeginRelocation()
    {
        _relocations++;
        Volatile.WriteBarrier();
    }

    public void EndRelocation() => Volatile.Write(ref _relocations, _relocations + 1);

    /// <summary>Adds buckets until <paramref name="entries"/> fill no more than two thirds of them: one or two, called for every new entry. Under the lock.</summary>
    /// <remarks>Called before an entry is written: an <see cref="OutOfMemoryException"/> leaves everything as it was.</remarks>
    public void GrowFor(int entries)
    {
        while (IsCrowded(entries, _bucketCount))
        {
            EnsureBucket(_bucketCount);
            Split();
        }
    }

    /// <summary>Whether there are more than twice as many buckets as <paramref name="entries"/>: far enough from growing that nothing swings.</summary>
    public bool HasExcess(int entries) => _bucketCount > MinBuckets && _bucketCount >> 1 > entries;

    /// <summary>Whether the index could be smaller and still hold <paramref name="entries"/>.</summary>
    public bool HasSpare(int entries) => _bucketCount > MinBuckets && !IsCrowded(entries + 1, _bucketCount - 1);

    /// <summary>Merges the last bucket into the one it was split from. Under the lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Merge()
    {
        int last = _bucketCount - 1;
        int into = SplitFrom(last);
        int moved = Head(last);
        if (moved < 0)
        {
            // Empty: only new lookups of it have to stop. The reader that holds the old count finds it empty still, which is true.
            Volatile.Write(ref _bucketCount, last);
        }
        else
        {
            BeginRelocation();
            ref int end = ref Head(into);
            while (end > 0)
            {
                end = ref _store.Slot(end).Next;
            }

            Volatile.Write(ref end, moved);
            while (end > 0)
            {
                end = ref _store.Slot(end).Next;
            }

            end = ~into;
            Head(last) = ~last;
            Volatile.Write(ref _bucketCount, last);
            EndRelocation();
        }

        if ((last & ChunkMask) == 0)
        {
            Volatile.Write(ref _buckets[last >> ChunkShift], []);
        }
    }

    private static bool IsCrowded(int entries, int buckets) => 3L * entries > 2L * buckets;

    /// <summary>The bucket that a bucket was split from: its number without the highest bit.</summary>
    private static int SplitFrom(int bucket) => bucket & ~(1 << BitOperations.Log2((uint)bucket));

    private void Split()
    {
        int fresh = _bucketCount;
        int old = SplitFrom(fresh);
        int bit = fresh ^ old;
        if (Head(old) < 0)
        {
            Volatile.Write(ref _bucketCount, fresh + 1);
            return;
        }

        BeginRelocation();
        int index = Head(old);
        ref int oldEnd = ref Head(old);
        ref int freshEnd = ref Head(fresh);
        while (index > 0)
        {
            ref Slot slot = ref _store.Slot(index);
            if ((slot.Hash & bit) == 0)
            {
                Volatile.Write(ref oldEnd, index);
                oldEnd = ref slot.Next;
            }
            else
            {
                Volatile.Write(ref freshEnd, index);
                freshEnd = ref slot.Next;
            }

            index = slot.Next;
        }

        oldEnd = ~old;
        freshEnd = ~fresh;
        Volatile.Write(ref _bucketCount, fresh + 1);
        EndRelocation();
    }

    private void EnsureBucket(int bucket)
    {
        int chunk = bucket >> ChunkShift;
        int length = chunk < _buckets.Length ? _buckets[chunk].Length : 0;
        if ((bucket & ChunkMask) < length)
        {
            return;
        }

        if (chunk >= _buckets.Length)
        {
            var larger = new int[_buckets.Length * 2][];
            _buckets.CopyTo(larger, 0);
            Array.Fill(larger, [], _buckets.Length, larger.Length - _buckets.Length);
            Volatile.Write(ref _buckets, larger);
        }

        // The first chunk grows by doubling, so that a small cache stays small; a reader who still has the old one sees buckets
        // as they were when it began.
        var heads = new int[chunk == 0 ? length * 2 : ChunkSize];
        _buckets[chunk].CopyTo(heads, 0);
        Terminate(heads, chunk << ChunkShift, length);
        Volatile.Write(ref _buckets[chunk], heads);
    }

    /// <summary>Makes the buckets of a chunk, from <paramref name="from"/> on, empty chains.</summary>
    private static void Terminate(int[] heads, int firstBucket, int from)
    {
        for (int i = from; i < heads.Length; i++)
        {
            heads[i] = ~(firstBucket + i);
        }
    }
}
