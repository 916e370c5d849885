using System.Numerics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>Growing and shrinking the index, a bucket at a time.</summary>
internal sealed partial class BucketIndex
{
    /// <summary>Merges whose memory is prefetched together.</summary>
    private const int MergesFetched = 64;

    /// <summary>
    /// Steps along merged chains after which a hold of the lock merges no more: many times those of usual chains.
    /// </summary>
    private const int MergeSteps = 4096;

    /// <summary>
    /// Tells readers that entries move, so that they must not trust a miss until
    /// <see cref="EndRelocation"/>.
    /// </summary>
    public void BeginRelocation()
    {
        _relocations++;
        Volatile.WriteBarrier();
    }

    public void EndRelocation() => Volatile.Write(ref _relocations, _relocations + 1);

    /// <summary>
    /// Adds buckets until <paramref name="entries"/> fill no more than two thirds of them: one or two, called for every
    /// new entry. Under the lock.
    /// </summary>
    /// <remarks>
    /// Called before an entry is written: an <see cref="OutOfMemoryException"/> leaves everything as it was.
    /// </remarks>
    public void GrowFor(int entries)
    {
        while (IsCrowded(entries, _bucketCount))
        {
            EnsureBucket(_bucketCount);
            Split();
        }
    }

    /// <summary>Whether the index could be smaller and still hold <paramref name="entries"/>.</summary>
    public bool HasSpare(int entries) => _bucketCount > LeastFor(entries);

    /// <summary>
    /// Merges up to <paramref name="most"/> of the buckets that <paramref name="entries"/> do not need: one at least,
    /// and fewer than that where chains are long. Under the lock.
    /// </summary>
    public void Shrink(int entries, int most) => ShrinkTo(LeastFor(entries), most);

    /// <summary>
    /// Merges up to <paramref name="most"/> of those buckets beyond two for each of <paramref name="entries"/>: far
    /// enough from the growth threshold that the index does not grow and shrink in turns. Under the lock.
    /// </summary>
    public void ShrinkExcess(int entries, int most) =>
        ShrinkTo(Math.Max(MinBuckets, (int)Math.Min(int.MaxValue, (2L * entries) + 1)), most);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ShrinkTo(int least, int most)
    {
        least = Math.Max(_bucketCount - most, least);
        long lastStep = ChainSteps + MergeSteps;
        while (_bucketCount > least && ChainSteps < lastStep)
        {
            int stop = Math.Max(least, _bucketCount - MergesFetched);
            PrefetchMerges(stop);
            while (_bucketCount > stop && ChainSteps < lastStep)
            {
                if (!DropEmpty(stop))
                {
                    Merge();
                }
            }
        }
    }

    /// <summary>
    /// Prefetches the chains that merging all buckets from <paramref name="stop"/> on will walk.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PrefetchMerges(int stop)
    {
        for (int bucket = _bucketCount - 1; bucket >= stop; bucket--)
        {
            if (Head(bucket) is > 0 and int moved)
            {
                PrefetchNext(moved);
                PrefetchNext(Head(SplitFrom(bucket)));
            }
        }
    }

    /// <summary>
    /// Merges the last bucket, which is not empty, into the one it was split from: its chain comes first.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Merge()
    {
        int last = _bucketCount - 1;
        int into = SplitFrom(last);
        BeginRelocation();
        int steps = 0;
        int end = Head(last);
        while (_store.Slot(end).Next is > 0 and int next)
        {
            end = next;
            steps++;
        }

        ref int head = ref Head(into);
        Volatile.Write(ref _store.Slot(end).Next, head);
        SetPrevious(head, end);
        Volatile.Write(ref head, Head(last));
        Head(last) = ~last;
        LowerTo(last);
        EndRelocation();
        ChainSteps += steps + 1;
    }

    /// <summary>The fewest buckets that hold a number of entries and one more.</summary>
    private static int LeastFor(int entries) =>
        Math.Max(MinBuckets, (int)Math.Min(int.MaxValue, ((3L * (entries + 1L)) + 1) / 2));

    private static bool IsCrowded(int entries, int buckets) => 3L * entries > 2L * buckets;

    /// <summary>The bucket that a bucket was split from: its number without the highest bit.</summary>
    private static int SplitFrom(int bucket) => bucket & ~(1 << BitOperations.Log2((uint)bucket));

    /// <summary>
    /// Drops the empty buckets at the end of the last chunk, down to <paramref name="least"/>. A reader that still has
    /// the old count finds them empty, which is right.
    /// </summary>
    /// <returns>Whether the last bucket was empty.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool DropEmpty(int least)
    {
        int last = _bucketCount - 1;
        int[] heads = _buckets[last >> ChunkShift];
        int first = Math.Max(least, last & ~ChunkMask);
        int count = last + 1;
        while (count > first && heads[(count - 1) & ChunkMask] < 0)
        {
            count--;
        }

        if (count > last)
        {
            return false;
        }

        LowerTo(count);
        return true;
    }

    /// <summary>
    /// Lowers the number of buckets, within the last chunk. If its first bucket goes, the chunk is dropped.
    /// </summary>
    private void LowerTo(int count)
    {
        Volatile.Write(ref _bucketCount, count);
        if ((count & ChunkMask) == 0)
        {
            Volatile.Write(ref _buckets[count >> ChunkShift], []);
        }
    }

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
        int oldLast = 0;
        int freshLast = 0;
        int steps = 0;
        while (index > 0)
        {
            ref Slot slot = ref _store.Slot(index);
            if ((slot.Hash & bit) == 0)
            {
                Volatile.Write(ref oldEnd, index);
                oldEnd = ref slot.Next;
                slot.Previous = oldLast;
                oldLast = index;
            }
            else
            {
                Volatile.Write(ref freshEnd, index);
                freshEnd = ref slot.Next;
                slot.Previous = freshLast;
                freshLast = index;
            }

            index = slot.Next;
            steps++;
        }

        ChainSteps += steps;

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

        // The first chunk grows by doubling, so that a small cache stays small; a reader that still has the old array
        // sees the buckets as they were when it began.
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
