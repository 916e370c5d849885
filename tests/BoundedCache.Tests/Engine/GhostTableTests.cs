using BoundedCache.Engine;

namespace BoundedCache.Tests.Engine;

/// <summary>What is remembered of evicted entries.</summary>
public class GhostTableTests
{
    private const long Capacity = 1000;

    private readonly GhostTable _ghosts = new();

    [Fact]
    public void Entries_of_nine_tenths_of_the_limit_that_left_the_small_queue_are_remembered()
    {
        _ghosts.GrowFor(1000);
        Evict(0, 1000, fromMain: false);
        Assert.InRange(Enumerable.Range(0, 1000).Count(IsRemembered), 800, 910);
        Assert.All(Enumerable.Range(500, 500).Chunk(100), chunk => Assert.InRange(chunk.Count(IsRemembered), 90, 100));
        Assert.DoesNotContain(Enumerable.Range(0, 80), IsRemembered);
    }

    [Fact]
    public void Entries_of_a_tenth_of_the_limit_that_left_the_main_queue_are_remembered()
    {
        _ghosts.GrowFor(1000);
        Evict(0, 1000, fromMain: true);
        Assert.InRange(Enumerable.Range(0, 1000).Count(IsRemembered), 95, 105);
        Assert.DoesNotContain(Enumerable.Range(0, 890), IsRemembered);
    }

    [Fact]
    public void A_key_that_returns_makes_room_for_an_older_one()
    {
        _ghosts.GrowFor(1000);
        Evict(0, 800, fromMain: false);
        for (int key = 200; key < 800; key++)
        {
            Assert.Equal(IsRemembered(key), _ghosts.Take(Hash(key), 1, Capacity));
        }

        Evict(1000, 600, fromMain: false);
        Assert.InRange(Enumerable.Range(0, 200).Count(IsRemembered), 150, 200);
    }

    [Fact]
    public void A_key_is_forgotten_when_it_is_taken()
    {
        Evict(1, 1, fromMain: false);
        Assert.True(_ghosts.Take(Hash(1), 1, Capacity));
        Assert.False(_ghosts.Take(Hash(1), 1, Capacity));
        Assert.False(_ghosts.Take(Hash(2), 1, Capacity));
    }

    [Fact]
    public void A_return_soon_after_the_small_queue_raises_its_share_and_a_later_one_does_not()
    {
        _ghosts.GrowFor(1000);
        Evict(0, 300, fromMain: false);
        Assert.True(_ghosts.Take(Hash(10), 50, Capacity));
        Assert.Equal(0.1, _ghosts.SmallShare);
        Assert.True(_ghosts.Take(Hash(290), 50, Capacity));
        Assert.Equal(0.15, _ghosts.SmallShare, 6);
    }

    [Fact]
    public void A_return_after_the_main_queue_lowers_the_share_to_a_twentieth_at_least()
    {
        Evict(0, 2, fromMain: true);
        Assert.True(_ghosts.Take(Hash(0), 20, Capacity));
        Assert.Equal(0.08, _ghosts.SmallShare, 6);
        Assert.True(_ghosts.Take(Hash(1), 900, Capacity));
        Assert.Equal(0.05, _ghosts.SmallShare);
    }

    [Fact]
    public void The_share_never_passes_four_fifths()
    {
        Evict(0, 1, fromMain: false);
        Assert.True(_ghosts.Take(Hash(0), 950, Capacity));
        Assert.Equal(0.8, _ghosts.SmallShare);
    }

    [Fact]
    public void Growing_a_bucket_at_a_time_keeps_what_is_remembered()
    {
        Evict(0, 40, fromMain: false);
        int before = Enumerable.Range(0, 40).Count(IsRemembered);
        for (int entries = 0; entries < 20_000; entries += 5)
        {
            _ghosts.GrowFor(entries);
        }

        Assert.Equal(before, Enumerable.Range(0, 40).Count(IsRemembered));
        Assert.Equal(40, before);
        Assert.Null(_ghosts.FindFault());
    }

    [Fact]
    public void Shrinking_gives_memory_back_and_what_is_found_afterwards_was_evicted()
    {
        _ghosts.GrowFor(100_000);
        for (int key = 0; key < 1000; key++)
        {
            _ghosts.Add(Hash(key), fromMain: false, 1, 100_000);
        }

        Assert.InRange(_ghosts.Bytes, 100_000 * 12.8, 100_000 * 13.5);
        _ghosts.Shrink(90_000, all: false);
        Assert.Equal(20_000, _ghosts.Buckets);
        _ghosts.Shrink(100, all: false);
        Assert.InRange(_ghosts.Bytes, 1, 4096);
        Assert.Null(_ghosts.FindFault());
        int left = Enumerable.Range(0, 1000).Count(IsRemembered);
        _ghosts.GrowFor(100_000);
        Assert.Equal(left, Enumerable.Range(0, 1000).Count(IsRemembered));
        Assert.DoesNotContain(Enumerable.Range(1000, 10_000), IsRemembered);
        Assert.Null(_ghosts.FindFault());
    }

    /// <remarks>An allocation after that could fail, and leave more buckets than there are cells for.</remarks>
    [Fact]
    public void Shrinking_allocates_the_shorter_list_of_its_chunks_and_nothing_else()
    {
        int chunksOfTwo = AllocatedBy(static () => GC.KeepAlive(new ulong[2][]));
        var other = new GhostTable();
        other.GrowFor(20_000);
        other.Shrink(4_000, all: true);
        _ghosts.GrowFor(20_000);

        // 4,000 buckets in eight chunks become 800 in two.
        Assert.Equal(chunksOfTwo, AllocatedBy(() => _ghosts.Shrink(4_000, all: true)));
        Assert.Equal(800, _ghosts.Buckets);
        Assert.Equal(2 * 512 * 8 * sizeof(ulong), _ghosts.Bytes);
        Assert.Null(_ghosts.FindFault());
    }

    private static int AllocatedBy(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return (int)(GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private bool IsRemembered(int key) => _ghosts.Contains(Hash(key));

    private void Evict(int first, int count, bool fromMain)
    {
        for (int key = first; key < first + count; key++)
        {
            _ghosts.Add(Hash(key), fromMain, 1, Capacity);
        }
    }

    private static int Hash(int key) => (int)((ulong)(key + 1) * 0x9E3779B97F4A7C15UL >> 32);
}
