using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace BoundedCache.Engine;

/// <summary>Asking for memory ahead of bulk work, so that it comes all at once.</summary>
internal sealed partial class BucketIndex
{
    /// <summary>
    /// Brings what <see cref="Remove"/> will read for these slots into the processor's cache. Believes nothing of what
    /// it reads, so it may be called without the lock as well, before what it is to help.
    /// </summary>
    /// <param name="indexes">Slots; overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Prefetch(Span<int> indexes)
    {
        // What is asked for without waiting for it comes together. One pass for each step along the chain, since each
        // needs what the one before brought. Chains of more than three are rare enough to wait for.
        foreach (ref int index in indexes)
        {
            ref Slot slot = ref _store.TrySlot(index);
            index = Unsafe.IsNullRef(ref slot) ? AccessOrder.None : BucketOf(slot.Hash, _bucketCount);
            Prefetch(ref TryHead(index));
        }

        foreach (ref int index in indexes)
        {
            ref int head = ref TryHead(index);
            index = Unsafe.IsNullRef(ref head) ? AccessOrder.None : head;
            PrefetchNext(index);
        }

        foreach (int index in indexes)
        {
            ref Slot slot = ref _store.TrySlot(index);
            PrefetchNext(Unsafe.IsNullRef(ref slot) ? AccessOrder.None : slot.Next);
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
    /// Asks for a place in memory, if it is one, without waiting for it, where the processor can be asked.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Prefetch(ref int place)
    {
        if (Sse.IsSupported)
        {
            // Of no address as well: asking for what is not there does nothing.
            Sse.Prefetch0(Unsafe.AsPointer(ref place));
        }
        else if (!Unsafe.IsNullRef(ref place))
        {
            // Waited for, but not alone: loads that do not depend on each other overlap.
            Volatile.Read(ref place);
        }
    }

    /// <summary>The first slot of a bucket, where it exists; else a null reference.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref int TryHead(int bucket) => ref Chunked.TryGet(_buckets, bucket, ChunkShift);
}
