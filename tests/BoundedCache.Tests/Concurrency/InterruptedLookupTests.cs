using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Single interleavings that a lookup without the lock must survive. Each is forced: a key's Equals runs
/// in the middle of a lookup, and there the test does what another thread might do.
/// </summary>
[Collection(StressTests.Name)]
public class InterruptedLookupTests
{
    private readonly BoundedMemoryCache _cache = new(new BoundedMemoryCacheOptions
    {
        MaxMemory = long.MaxValue,
        Sizing = EntrySizing.Declared,
        ReleaseMode = ReleaseMode.None,
    });

    [Fact]
    public void A_lookup_whose_slot_is_taken_by_an_entry_of_another_chain_still_finds_what_lies_behind()
    {
        var wanted = new Interrupting("wanted");
        var first = new Interrupting("first");
        Set(wanted);
        Set(first);
        string other = InAnotherBucket(first);
        int slot = SlotOf(first);
        first.Interrupt = () =>
        {
            _cache.Remove(first);
            Set(other);
        };

        Assert.True(_cache.TryGetValue(new Interrupting("wanted"), out _));
        Assert.Equal(slot, SlotOf(other));
        InvariantChecker.Check(_cache.Engine);
    }

    [Fact]
    public void A_lookup_during_which_the_entries_of_its_chain_move_to_other_slots_still_finds_what_lies_behind()
    {
        var wanted = new Interrupting("wanted");
        var first = new Interrupting("first");

        // First in the chain and first in the chunk, so that it is moved first, and its old slot still points
        // to the other's old slot.
        Set("placeholder");
        Set(wanted);
        _cache.Remove("placeholder");
        Set(first);
        string[] others = [.. Enumerable.Range(0, (10 * SlotStore.ChunkSize) - 2).Select(static i => $"other {i}")];
        Array.ForEach(others, Set);
        (int wantedSlot, int firstSlot) = (SlotOf(wanted), SlotOf(first));
        bool moved = false;
        first.Interrupt = () =>
        {
            // The first chunk becomes the sparsest, and the first to be emptied, before there are buckets to merge.
            // The loop stops when the two were moved out of it and the chunk still exists.
            IEnumerable<string> elsewhere = others.Skip(SlotStore.ChunkSize)
                .Where(static (_, i) => i % 2 == 0).Take(4400);
            IEnumerable<string> inFirst = others.Take(1700);
            foreach (string other in elsewhere.Concat(inFirst))
            {
                _cache.Remove(other);
                if (!HoldsKey(wantedSlot, wanted) && !HoldsKey(firstSlot, first))
                {
                    moved = _cache.Engine.Store.Exists(wantedSlot);
                    break;
                }
            }
        };

        Assert.True(_cache.TryGetValue(new Interrupting("wanted"), out _));
        Assert.True(moved, "the table did not do what this test is about");
        InvariantChecker.Check(_cache.Engine);
    }

    [Fact]
    public void An_expired_entry_whose_slot_gets_the_deadline_of_another_is_not_served()
    {
        Interrupting expired = SetExpiring(out DateTimeOffset deadline);
        int slot = SlotOf(expired);
        Assert.True(SpinWait.SpinUntil(() => DateTimeOffset.UtcNow > deadline, TimeSpan.FromSeconds(30)));
        expired.Interrupt = () =>
        {
            PutNewcomerInPlaceOf(expired, deadline);
        };

        Assert.False(_cache.TryGetValue(new Interrupting("expired"), out object? value), $"got {value}");
        Assert.Equal(slot, SlotOf("newcomer"));
        Assert.True(_cache.TryGetValue("newcomer", out _));
        InvariantChecker.Check(_cache.Engine);
    }

    /// <remarks>Nobody writes to the slots that the reader has, so their versions stay as they are.</remarks>
    [Fact]
    public void An_expired_entry_whose_slots_are_outgrown_does_not_get_the_deadline_of_another()
    {
        Interrupting expired = SetExpiring(out DateTimeOffset deadline);
        int slot = SlotOf(expired);
        int capacity = _cache.Engine.Allocator.Capacity;
        Assert.True(SpinWait.SpinUntil(() => DateTimeOffset.UtcNow > deadline, TimeSpan.FromSeconds(30)));
        expired.Interrupt = () =>
        {
            for (int i = 0; i < capacity; i++)
            {
                Set($"more {i}");
            }

            PutNewcomerInPlaceOf(expired, deadline);
        };

        Assert.False(_cache.TryGetValue(new Interrupting("expired"), out object? value), $"got {value}");
        Assert.Equal(slot, SlotOf("newcomer"));
        Assert.True(_cache.Engine.Allocator.Capacity > capacity, "the table did not do what this test is about");
        InvariantChecker.Check(_cache.Engine);
    }

    [Fact]
    public void A_removal_whose_entry_gives_way_to_another_in_the_same_slot_spares_the_other()
    {
        var removed = new Interrupting("removed");
        Set(removed);
        int slot = SlotOf(removed);
        removed.Interrupt = () =>
        {
            _cache.Remove(removed);
            Set("newcomer");
        };

        _cache.Remove(new Interrupting("removed"));

        Assert.Equal(slot, SlotOf("newcomer"));
        Assert.True(_cache.TryGetValue("newcomer", out _));
        Assert.Equal(1, _cache.Count);
        InvariantChecker.Check(_cache.Engine);
    }

    [Fact]
    public void A_replacement_whose_entry_gives_way_to_another_in_the_same_slot_spares_the_other()
    {
        var replaced = new Interrupting("replaced");
        Set(replaced);
        replaced.Interrupt = () =>
        {
            _cache.Remove(replaced);
            Set("newcomer");
        };

        Set(new Interrupting("replaced"));

        Assert.True(_cache.TryGetValue("newcomer", out _));
        Assert.True(_cache.TryGetValue(new Interrupting("replaced"), out _));
        Assert.Equal(2, _cache.Count);
        InvariantChecker.Check(_cache.Engine);
    }

    [Fact]
    public void A_key_that_is_stored_while_another_thread_compares_for_it_is_stored_once()
    {
        var neighbour = new Interrupting("neighbour");
        Set(neighbour);
        neighbour.Interrupt = () => Set(new Interrupting("same"));

        Set(new Interrupting("same"));

        Assert.Equal(2, _cache.Count);
        Assert.Equal(2, _cache.UsedMemory);
        InvariantChecker.Check(_cache.Engine);
    }

    /// <remarks>
    /// The reader's directory of chunks is older than the directory's growth. So for the reader the first chunk stays
    /// as it was when it was freed, including its pointers. One of them leads, over a chunk that is
    /// still in use, back to itself.
    /// </remarks>
    [Fact]
    public void A_lookup_that_outlives_a_chunk_and_its_directory_comes_to_an_end()
    {
        var first = new Interrupting("first");
        var second = new Interrupting("second");
        for (int i = 0; i < SlotStore.ChunkSize; i++)
        {
            Set($"filler {i}");
        }

        // The chain: first, in the first slot of the first chunk, then second, in the next chunk.
        Set(second);
        _cache.Remove("filler 0");
        Set(first);
        (int firstSlot, int secondSlot) = (SlotOf(first), SlotOf(second));
        bool reversed = false;
        first.Interrupt = () =>
        {
            // The table outgrows its directory, frees its first chunk and creates it again. In the same two
            // slots the order is now reversed.
            int more = 0;
            for (; _cache.Engine.Allocator.ChunkCount < 6; more++)
            {
                Set($"more {more}");
            }

            for (int i = 1; i < SlotStore.ChunkSize; i++)
            {
                _cache.Remove($"filler {i}");
            }

            _cache.Remove(first);
            _cache.Compact(0);
            bool dropped = !_cache.Engine.Store.Exists(firstSlot);
            for (; !_cache.Engine.Store.Exists(firstSlot); more++)
            {
                Set($"more {more}");
            }

            _cache.Remove($"more {more - 1}");
            Set(new Interrupting("third"));
            _cache.Remove(second);
            Set(new Interrupting("fourth"));
            reversed = dropped && _cache.Engine.Store.Slot(secondSlot).Next == firstSlot;
        };

        using var ended = new ManualResetEventSlim();
        new Thread(() =>
        {
            _cache.TryGetValue(new Interrupting("wanted"), out _);
            ended.Set();
        })
        { IsBackground = true }.Start();

        Assert.True(
            ended.Wait(TimeSpan.FromSeconds(30)),
            $"the lookup does not end; the table did what this test is about: {reversed}");
        Assert.True(reversed, "the table did not do what this test is about");
        InvariantChecker.Check(_cache.Engine);
    }

    private void Set(object key)
    {
        using ICacheEntry entry = _cache.CreateEntry(key);
        entry.Value = key;
        entry.Size = 1;
    }

    private string InAnotherBucket(object key)
    {
        int buckets = _cache.Engine.Index.BucketCount;
        int bucket = BucketIndex.BucketOf(KeyHasher.Hash(key), buckets);
        return Enumerable.Range(0, int.MaxValue).Select(static i => $"elsewhere {i}")
            .First(other => BucketIndex.BucketOf(KeyHasher.Hash(other), buckets) != bucket);
    }

    private bool HoldsKey(int slot, object key) =>
        _cache.Engine.Store.Exists(slot) && ReferenceEquals(_cache.Engine.Store.Slot(slot).Key, key);

    private Interrupting SetExpiring(out DateTimeOffset deadline)
    {
        var expiring = new Interrupting("expired");
        deadline = DateTimeOffset.UtcNow + TimeSpan.FromMilliseconds(100);
        _cache.Set(expiring, "old", new MemoryCacheEntryOptions { AbsoluteExpiration = deadline, Size = 1 });
        return expiring;
    }

    /// <summary>The newcomer gets the slot that is free then, and a later deadline.</summary>
    private void PutNewcomerInPlaceOf(Interrupting expired, DateTimeOffset deadline)
    {
        _cache.Remove(expired);
        _cache.Set(
            "newcomer",
            "new",
            new MemoryCacheEntryOptions { AbsoluteExpiration = deadline + TimeSpan.FromDays(1), Size = 1 });
    }

    private int SlotOf(object key)
    {
        for (int chunk = 1; chunk < _cache.Engine.Allocator.Numbers; chunk++)
        {
            int first = chunk << SlotStore.ChunkShift;
            for (int slot = first; slot < first + _cache.Engine.Allocator.State(chunk).Fresh; slot++)
            {
                if (HoldsKey(slot, key))
                {
                    return slot;
                }
            }
        }

        return -1;
    }

    /// <summary>
    /// Keys that all share a hash. Each runs an action when it is first compared with a key of
    /// another name, or with an equal one.
    /// </summary>
    private sealed class Interrupting(string name)
    {
        public Action? Interrupt { get; set; }

        public override bool Equals(object? obj)
        {
            Action? interrupt = Interrupt;
            Interrupt = null;
            interrupt?.Invoke();
            return obj is Interrupting other && other.Name == Name;
        }

        public override int GetHashCode() => 42;

        private string Name { get; } = name;
    }
}
