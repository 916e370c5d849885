using BoundedCache.Engine;

namespace BoundedCache.Tests.Engine;

public class SlotAllocatorTests
{
    /// <remarks>
    /// The empty chunk was dropped before it was used again, and the next entry was looked for in chunk -1.
    /// </remarks>
    [Fact]
    public void A_chunk_that_was_emptied_but_not_given_up_yet_is_used_again_when_space_is_needed()
    {
        var allocator = new SlotAllocator(new SlotStore());
        int[] slots = [.. Enumerable.Range(0, 2 * SlotStore.ChunkSize).Select(_ => allocator.Allocate())];
        int[] first = slots[..SlotStore.ChunkSize];
        int[] second = slots[SlotStore.ChunkSize..];
        Array.ForEach(first[..1500], allocator.Free);
        Array.ForEach(second[..600], allocator.Free);
        Assert.True(allocator.TryBeginDrain(out int draining));
        Assert.Equal(first[0] >> SlotStore.ChunkShift, draining);
        Array.ForEach(first[1500..], allocator.Free);
        for (int i = 0; i < 600; i++)
        {
            Assert.Equal(second[0] >> SlotStore.ChunkShift, allocator.Allocate() >> SlotStore.ChunkShift);
        }

        int reused = allocator.Allocate();

        Assert.Equal(first[0] >> SlotStore.ChunkShift, reused >> SlotStore.ChunkShift);
        Assert.Equal(SlotStore.ChunkSize + 1, allocator.InUse);
        Assert.Equal(2, allocator.ChunkCount);
        Assert.Equal(SlotAllocator.None, allocator.Draining);
    }

    [Fact]
    public void A_chunk_is_dropped_when_its_last_slot_is_freed_and_another_chunks_worth_is_free()
    {
        var allocator = new SlotAllocator(new SlotStore());
        int[] slots = [.. Enumerable.Range(0, 3 * SlotStore.ChunkSize).Select(_ => allocator.Allocate())];
        int[] first = slots[..SlotStore.ChunkSize];
        int[] second = slots[SlotStore.ChunkSize..(2 * SlotStore.ChunkSize)];

        Array.ForEach(first, allocator.Free);
        Assert.Equal(3, allocator.ChunkCount);
        Array.ForEach(second[..^1], allocator.Free);
        Assert.Equal(3, allocator.ChunkCount);
        allocator.Free(second[^1]);

        Assert.Equal(2, allocator.ChunkCount);
        Assert.Equal(2 * SlotStore.ChunkSize, allocator.Capacity);
        Assert.Equal(0, allocator.State(second[0] >> SlotStore.ChunkShift).Length);
    }
}
