using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Bytes;

/// <summary>
/// The index from hash to slot in native memory: buckets of chains through <see cref="ByteSlot.Next"/>, grown and
/// shrunk one bucket at a time (linear hashing). Read without the lock, changed under it.
/// </summary>
/// <remarks>
/// A chain ends with the complement of its bucket's number, so a reader that a recycled slot led into another chain
/// notices. New entries go to the head. A slot that left its chain keeps its Next. Only splits, merges and moved slots
/// can carry an entry past a reader; <see cref="Relocations"/> is odd meanwhile.
/// </remarks>
internal sealed unsafe class ByteIndex(NativeTable buckets, NativeTable slots)
{
    /// <summary>The fewest buckets of an index that is used.</summary>
    public const int MinBuckets = 16;

    /// <summary>Buckets that are split or merged with one entry that comes or goes.</summary>
    public const int StepsOfOne = 2;

    private int _count;
    private uint _relocations;

    /// <summary>The number of buckets; 0 in an index that was never used.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Odd while entries may be carried past a reader.</summary>
    public uint Relocations => Volatile.Read(ref _relocations);

    /// <summary>Pages that become resident with one more entry.</summary>
    public int PagesToGrow => buckets.PagesToGrow(Math.Max(MinBuckets, _count + 2));

    /// <summary>The bucket of a hash: its low bits, one fewer where that bucket does not exist yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int BucketOf(int hash, int count)
    {
        uint mask = uint.MaxValue >> BitOperations.LeadingZeroCount((uint)count - 1);
        uint bucket = (uint)hash & mask;
        return (int)(bucket & (mask >> (int)(((uint)count - 1 - bucket) >> 31)));
    }

    /// <summary>The head of a bucket that may be gone; null where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* TryHead(int bucket) => (int*)buckets.TryAt(bucket);

    /// <summary>The first slot of a hash's chain.</summary>
    public int First(int hash) => _count == 0 ? -1 : *Head(BucketOf(hash, _count));

    /// <summary>Makes the first buckets.</summary>
    /// <returns>False where the system refuses memory.</returns>
    public bool TryBegin()
    {
        if (_count > 0)
        {
            return true;
        }

        if (!buckets.TryGrow(MinBuckets))
        {
            return false;
        }

        for (int i = 0; i < MinBuckets; i++)
        {
            *Head(i) = ~i;
        }

        Volatile.Write(ref _count, MinBuckets);
        return true;
    }

    /// <summary>Publishes a written slot.</summary>
    public void Insert(int index)
    {
        ByteSlot* slot = Slot(index);
        int* head = Head(BucketOf(slot->Hash, _count));
        Volatile.Write(ref slot->Next, *head);
        Volatile.Write(ref *head, index);
    }

    /// <summary>Takes a slot out of its chain; the slot keeps its Next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Remove(int index) => Volatile.Write(ref *PointerTo(index), Slot(index)->Next);

    /// <summary>Puts a slot where its copy is. Within a relocation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Replace(int from, int to) => Volatile.Write(ref *PointerTo(from), to);

    public void BeginRelocation()
    {
        _relocations++;
        Volatile.WriteBarrier();
    }

    public void EndRelocation() => Volatile.Write(ref _relocations, _relocations + 1);

    /// <summary>Splits or merges buckets, a few, as the number of entries needs.</summary>
    /// <param name="entries">The number of entries.</param>
    /// <param name="steps">The most buckets to split or merge.</param>
    /// <param name="mayTouch">Whether the limit leaves room for so many pages.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Adjust(int entries, int steps, Func<int, bool> mayTouch)
    {
        bool isSingle = steps <= StepsOfOne;
        while (steps-- > 0)
        {
            if (3L * entries > 2L * _count && _count < int.MaxValue / 2)
            {
                int pages = buckets.PagesToGrow(_count + 1);
                if ((pages > 0 && !mayTouch(pages)) || !buckets.TryGrow(_count + 1))
                {
                    return;
                }

                Split();
            }
            else if (_count > MinBuckets && 3L * entries < _count)
            {
                Merge();
            }
            else
            {
                break;
            }
        }

        // Each call into the system interrupts all processors: work in bulk ends with one.
        if (isSingle)
        {
            Shrink();
        }
    }

    /// <summary>Gives the pages back that lie beyond the buckets, if they are many.</summary>
    public void Shrink() => buckets.Shrink(_count);

    /// <summary>Drops all buckets of an empty index.</summary>
    public void DropAll()
    {
        BeginRelocation();
        Volatile.Write(ref _count, 0);
        buckets.Shrink(0, all: true);
        EndRelocation();
    }

    private static int SplitFrom(int bucket) => bucket & ~(1 << BitOperations.Log2((uint)bucket));

    private void Split()
    {
        int fresh = _count;
        int old = SplitFrom(fresh);
        int bit = fresh ^ old;
        BeginRelocation();
        int index = *Head(old);
        int* oldEnd = Head(old);
        int* freshEnd = Head(fresh);
        while (index > 0)
        {
            ByteSlot* slot = Slot(index);
            int next = slot->Next;
            if ((slot->Hash & bit) == 0)
            {
                Volatile.Write(ref *oldEnd, index);
                oldEnd = &slot->Next;
            }
            else
            {
                Volatile.Write(ref *freshEnd, index);
                freshEnd = &slot->Next;
            }

            index = next;
        }

        Volatile.Write(ref *oldEnd, ~old);
        Volatile.Write(ref *freshEnd, ~fresh);
        Volatile.Write(ref _count, fresh + 1);
        EndRelocation();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Merge()
    {
        int last = _count - 1;
        if (*Head(last) <= 0)
        {
            // An empty chain carries no entry past a reader.
            Volatile.Write(ref _count, last);
            return;
        }

        int into = SplitFrom(last);
        BeginRelocation();
        int* end = Head(last);
        while (*end > 0)
        {
            end = &Slot(*end)->Next;
        }

        Volatile.Write(ref *end, *Head(into));
        Volatile.Write(ref *Head(into), *Head(last));
        *Head(last) = ~last;
        Volatile.Write(ref _count, last);
        EndRelocation();
    }

    private int* PointerTo(int index)
    {
        int* pointer = Head(BucketOf(Slot(index)->Hash, _count));
        while (*pointer != index)
        {
            Debug.Assert(*pointer > 0, "A slot is in the chain of its hash.");
            pointer = &Slot(*pointer)->Next;
        }

        return pointer;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int* Head(int bucket) => (int*)buckets.At(bucket);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ByteSlot* Slot(int index) => (ByteSlot*)slots.At(index);
}
