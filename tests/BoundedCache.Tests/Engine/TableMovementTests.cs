using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

/// <summary>Entries that move to other slots while something else happens.</summary>
public sealed class TableMovementTests
{
    private const int Chunk = SlotStore.ChunkSize;

    private readonly EngineAndModel _both = new(maxBytes: 100_000);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Uses_that_wait_are_not_lost_while_entries_move_out_of_a_sparse_chunk(int seed)
    {
        var random = new Random(seed);
        _both.Fill(0, 3 * Chunk);
        List<int> left = [];
        for (int i = 0; i < 3 * Chunk; i++)
        {
            if (i % 3 == 0)
            {
                left.Add(i);
            }
            else
            {
                _both.Remove($"key {i}");
            }
        }

        while (left.Count > 1300)
        {
            for (int i = 0; i < 3; i++)
            {
                _both.Get($"key {left[random.Next(left.Count)]}");
            }

            int victim = random.Next(left.Count);
            _both.Remove($"key {left[victim]}");
            left[victim] = left[^1];
            left.RemoveAt(left.Count - 1);
        }

        Assert.True(_both.Engine.Allocator.ChunkCount < 3, "nothing moved");
        _both.Compare();
        _both.CompareValues();
    }

    [Fact]
    public void Uses_that_wait_are_not_lost_when_the_table_is_trimmed()
    {
        _both.Fill(0, 2 * Chunk);
        for (int i = 0; i < 2 * Chunk; i++)
        {
            if (i % 8 != 0)
            {
                _both.Remove($"key {i}");
            }
        }

        // Too few to fill the buffer, and spread from the first chunk to the last, whose entries all move or stay.
        for (int i = 0; i < 100; i++)
        {
            _both.Get($"key {i * 40 / 8 * 8}");
        }

        _both.Engine.Trim();

        Assert.Equal(1, _both.Engine.Allocator.ChunkCount);
        _both.Compare();
        _both.CompareValues();
    }

    [Fact]
    public void Half_of_the_entries_removed_and_the_table_trimmed_leave_a_cache_that_works_on()
    {
        for (int i = 0; i < 4 * Chunk; i++)
        {
            _both.Set(
                $"key {i}",
                charge: i % 7,
                priority: (CacheItemPriority)(i % 4),
                seconds: i % 5 == 0 ? 1000 : 0,
                slidingSeconds: i % 6 == 1 ? 500 : 0,
                hasDetails: i % 3 == 0);
        }

        for (int i = 0; i < 4 * Chunk; i += 2)
        {
            _both.Remove($"key {i}");
        }

        int batches = 0;
        _both.Engine.Trim(() => batches++);

        // 4,096 entries: two chunks, and two thirds of the buckets in use.
        Assert.Equal(2, _both.Engine.Allocator.ChunkCount);
        Assert.Equal(2 * Chunk, _both.Engine.Allocator.InUse);
        Assert.False(_both.Engine.Allocator.HasSpareChunk);
        Assert.Equal((2 * Chunk * 3 / 2) + 2, _both.Engine.Index.BucketCount);
        Assert.Equal(2 * 4096 * sizeof(int), _both.Engine.Index.Bytes);
        Assert.InRange(batches, 2, 200);
        _both.Compare();
        _both.CompareValues();

        var random = new Random(3);
        for (int i = 0; i < 3000; i++)
        {
            string key = $"key {random.Next(6 * Chunk)}";
            switch (random.Next(4))
            {
                case 0:
                    _both.Remove(key);
                    break;
                case 1:
                    _both.Set(key, random.Next(20), seconds: random.Next(3) * 100, hasDetails: random.Next(2) == 0);
                    break;
                default:
                    _both.Get(key);
                    break;
            }
        }

        _both.Compare();
        _both.CompareValues();
        for (int i = 0; i < 2; i++)
        {
            // First sliding windows end, then absolute expirations.
            _both.Time.Advance(TimeSpan.FromSeconds(600));
            int before = _both.Engine.Count;
            _both.Model.RemoveExpired(_both.Time.GetUtcNow().UtcTicks);
            Assert.InRange(_both.Model.Count, 1, before - 100);
            Assert.Equal(before - _both.Model.Count, _both.Engine.RemoveExpired(static failure => throw failure));
            _both.Compare();
        }
    }

    [Fact]
    public void Entries_removed_one_at_a_time_take_the_buckets_that_they_do_not_need_with_them()
    {
        _both.Fill(0, 2 * Chunk);
        for (int i = 100; i < 2 * Chunk; i++)
        {
            _both.Remove($"key {i}");
        }

        // Two for each entry, plus one.
        Assert.Equal(201, _both.Engine.Index.BucketCount);
        _both.Compare();
        _both.CompareValues();
    }

    [Fact]
    public void What_was_found_in_a_chunk_is_outdated_in_the_next_chunk_of_that_number()
    {
        _both.Fill(0, 3 * Chunk);
        List<StoredEntry> found = [.. Enumerable.Range(0, 3 * Chunk).Select(i => _both.Peek($"key {i}"))];
        int numbers = _both.Engine.Allocator.Numbers;
        for (int round = 0; round < 2; round++)
        {
            _both.Engine.Clear();
            _both.Model.Clear();
            _both.Engine.Trim();
            Assert.Equal(0, _both.Engine.Allocator.ChunkCount);
            _both.Compare();

            // As many entries as before, so that every slot is in use again, as often as before.
            _both.Fill(0, 3 * Chunk);

            Assert.Equal(numbers, _both.Engine.Allocator.Numbers);
            Assert.Equal(3, _both.Engine.Allocator.ChunkCount);
            Assert.All(
                found, entry => Assert.Equal(
                    ChargeUpdate.Outdated, _both.Engine.UpdateCharge(entry.SlotRef, 50)));
            _both.Compare();
        }
    }

    [Fact]
    public void An_entry_that_moved_is_found_again_and_what_was_found_of_it_before_is_outdated()
    {
        _both.Fill(0, 2 * Chunk);
        for (int i = 0; i < 2 * Chunk; i++)
        {
            if (i % 4 != 0)
            {
                _both.Remove($"key {i}");
            }
        }

        Dictionary<string, StoredEntry> before =
            Enumerable.Range(0, Chunk / 2).ToDictionary(static i => $"key {i * 4}", i => _both.Peek($"key {i * 4}"));
        _both.Engine.Trim();

        int moved = 0;
        foreach ((string key, StoredEntry old) in before)
        {
            StoredEntry now = _both.Peek(key);
            bool stays = old.SlotRef == now.SlotRef;
            Assert.Equal(
                stays ? ChargeUpdate.Updated : ChargeUpdate.Outdated, _both.Engine.UpdateCharge(old.SlotRef, 1));
            moved += stays ? 0 : 1;
        }

        Assert.InRange(moved, 1, Chunk / 2);
        _both.Compare();
    }

    [Fact]
    public void A_chunk_whose_entries_no_longer_expire_gives_its_deadlines_up_when_it_is_trimmed()
    {
        for (int i = 0; i < 2 * Chunk; i++)
        {
            _both.Set($"key {i}", seconds: 1000);
        }

        Assert.Equal(2 * Chunk * sizeof(long), _both.Engine.Store.DeadlineBytes);
        for (int i = 0; i < 2 * Chunk; i++)
        {
            _both.Set($"key {i}", seconds: i == 2 * Chunk - 1 ? 1000 : 0);
        }

        _both.Engine.Trim();

        Assert.Equal(Chunk * sizeof(long), _both.Engine.Store.DeadlineBytes);
        _both.Time.Advance(TimeSpan.FromSeconds(1000));
        Assert.Equal(1, _both.Engine.RemoveExpired(static failure => throw failure));
        Assert.Equal((2 * Chunk) - 1, _both.Engine.Count);
        _both.Engine.Trim();
        Assert.Equal(0, _both.Engine.Store.DeadlineBytes);
        InvariantChecker.Check(_both.Engine);
    }

    [Fact]
    public void Expired_entries_by_the_thousand_let_the_table_shrink_and_the_rest_stays_in_order()
    {
        for (int i = 0; i < 4 * Chunk; i++)
        {
            _both.Set($"key {i}", seconds: i % 10 == 0 ? 0 : 100);
        }

        for (int i = 0; i < 100; i++)
        {
            _both.Get($"key {i * 10}");
        }

        int chunks = _both.Engine.Allocator.ChunkCount;
        _both.Time.Advance(TimeSpan.FromSeconds(100));
        _both.Model.RemoveExpired(_both.Time.GetUtcNow().UtcTicks);
        Assert.Equal((4 * Chunk) - _both.Model.Count, _both.Engine.RemoveExpired(static failure => throw failure));

        Assert.True(_both.Engine.Allocator.ChunkCount < chunks, "nothing moved");
        _both.Compare();
        _both.CompareValues();
    }
}
