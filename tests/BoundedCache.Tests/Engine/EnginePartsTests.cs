using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

/// <summary>Edge cases of the engine's parts that whole runs seldom reach.</summary>
public sealed class EnginePartsTests
{
    [Fact]
    public void Slots_that_took_in_an_entry_are_told_apart_across_words_and_chunks()
    {
        var inserted = new InsertedSlots(chunks: 3);
        const int Chunk = SlotStore.ChunkSize;
        int[] noted = [Chunk, Chunk + 63, Chunk + 64, (2 * Chunk) + 1];
        Array.ForEach(noted, inserted.Note);
        inserted.Note((3 * Chunk) + 1);

        Assert.Equal(noted, Enumerable.Range(0, 3 * Chunk).Where(inserted.Contains));
    }

    [Fact]
    public void A_buffer_that_is_full_loses_the_newest_uses_and_counts_them()
    {
        var buffer = new TouchBuffer();
        for (int index = 1; index <= TouchBuffer.Capacity; index++)
        {
            buffer.Add(index, epoch: 0);
        }

        for (int i = 0; i < 44; i++)
        {
            Assert.True(buffer.Add(999, epoch: 0), "it is not time to empty the buffer");
        }

        Assert.Equal(44, buffer.Lost);
        Assert.Equal(TouchBuffer.Capacity + 44, buffer.Uses);
        var taken = new int[2 * TouchBuffer.Capacity];
        Assert.Equal(TouchBuffer.Capacity, buffer.Take(buffer.End, 0, taken));
        Assert.Equal(Enumerable.Range(1, TouchBuffer.Capacity), taken[..TouchBuffer.Capacity]);
        buffer.Add(1000, epoch: 1);
        Assert.Equal(0, buffer.Take(buffer.End, 0, taken));
        Assert.Equal(1, buffer.Take(buffer.End, 1, taken));
        Assert.Equal(1000, taken[0]);
        Assert.Equal(44, buffer.Lost);
    }

    [Fact]
    public void The_table_is_as_large_as_its_slots_nodes_buckets_and_deadlines()
    {
        var both = new EngineAndModel(maxBytes: 10_000);
        both.Fill(0, SlotStore.ChunkSize + 1);
        both.Set("expires", seconds: 5);

        // Two chunks of 48 bytes a slot, one of them with deadlines; the first chunk of buckets has its full size.
        Assert.Equal(
            (2 * SlotStore.ChunkSize * 48) + (SlotStore.ChunkSize * 8) + (4096 * 4), both.Engine.TableBytes);
        Assert.Equal(((SlotStore.ChunkSize + 2) * 3 + 1) / 2, both.Engine.Index.BucketCount);
    }

    [Fact]
    public void A_sliding_window_that_was_used_is_looked_at_again_when_it_would_end_now()
    {
        var both = new EngineAndModel(maxBytes: 100);
        both.Set("used", slidingSeconds: 10);
        both.Set("unused", slidingSeconds: 10);
        both.Time.Advance(TimeSpan.FromSeconds(6));
        both.Get("used");
        both.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1, both.Engine.RemoveExpired(static failure => throw failure));
        Assert.Equal(["used"], both.Engine.SnapshotKeys());
        int index = both.Peek("used").SlotRef.Index;
        Assert.Equal(
            both.Time.GetUtcNow().UtcTicks + TimeSpan.FromSeconds(5).Ticks, both.Engine.Store.Deadline(index));

        both.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(1, both.Engine.RemoveExpired(static failure => throw failure));
        Assert.Equal(0, both.Engine.Count);
        InvariantChecker.Check(both.Engine);
    }

    [Fact]
    public void An_entry_is_removed_by_its_details_once()
    {
        var both = new EngineAndModel(maxBytes: 100);
        both.Set("first", hasDetails: true);
        both.Set("second", hasDetails: true);
        EntryDetails details = both.Peek("first").Details!;

        both.Engine.Remove(details, EvictionReason.TokenExpired);
        both.Engine.Remove(details, EvictionReason.TokenExpired);

        Assert.Equal((1, 1), (both.Engine.Count, both.Engine.UsedBytes));
        Assert.Equal(["second"], both.Engine.SnapshotKeys());
        Assert.Equal(new EntryTotals(1, 1), both.Engine.ReadTotals().Evictions.TokenExpired);
        InvariantChecker.Check(both.Engine);
    }

    [Fact]
    public void An_entry_that_comes_while_its_key_is_looked_up_is_replaced_and_not_stored_twice()
    {
        var both = new EngineAndModel(maxBytes: 100);
        bool isInside = false;
        both.Set(new ClashingKey(1, () =>
        {
            if (!isInside)
            {
                isInside = true;
                both.Set(new ClashingKey(2, () => { }));
            }
        }));

        // This calls the stored key's Equals.
        both.Set(new ClashingKey(2, () => { }));

        Assert.True(isInside);
        Assert.Equal(2, both.Engine.Count);
        Assert.Equal(1, both.Engine.ReadTotals().Evictions.Replaced.Entries);
        InvariantChecker.Check(both.Engine);
    }

    [Fact]
    public void An_entry_that_is_replaced_by_one_that_expires_expires()
    {
        var both = new EngineAndModel(maxBytes: 100);
        both.Set("key");
        both.Set("key", seconds: 5);
        both.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(1, both.Engine.RemoveExpired(static failure => throw failure));
        Assert.Equal(0, both.Engine.Count);
        InvariantChecker.Check(both.Engine);
    }

    [Fact]
    public void The_time_of_the_last_use_never_moves_back_and_sums_of_ticks_never_overflow()
    {
        var details = new EntryDetails
        {
            Value = null,
            Callbacks = [],
            Tokens = [],
            AbsoluteExpirationTicks = long.MaxValue,
            SlidingTicks = long.MaxValue - 5,
            LastAccessTicks = 3,
        };
        details.Use(10);
        details.Use(4);

        Assert.Equal(10, details.LastAccessTicks);
        Assert.Equal(long.MaxValue, details.Deadline);
        Assert.Equal(long.MaxValue, Ticks.Add(6, long.MaxValue - 5));
        Assert.Equal(long.MaxValue, Ticks.Add(5, long.MaxValue - 5));
        Assert.Equal(long.MaxValue - 1, Ticks.Add(4, long.MaxValue - 5));
    }

    [Fact]
    public void A_string_key_matches_itself_and_no_key_that_differs_in_one_character_or_in_length()
    {
        for (int length = 0; length <= 70; length++)
        {
            string key = string.Create(length, 0, static (text, _) =>
            {
                for (int i = 0; i < text.Length; i++)
                {
                    text[i] = (char)('a' + (i % 26));
                }
            });
            var lookup = new StringLookup(key);
            Assert.True(lookup.Matches(new string(key.AsSpan())), $"{length} characters");
            Assert.False(lookup.Matches(key + "a"), $"{length} characters and one more");
            for (int i = 0; i < length; i++)
            {
                Assert.False(lookup.Matches($"{key[..i]}-{key[(i + 1)..]}"), $"{length} characters, other at {i}");
            }
        }
    }

    /// <summary>A key with the same hash as all others, whose Equals can run an action first.</summary>
    private sealed class ClashingKey(int number, Action onEquals)
    {
        private int Number => number;

        public override int GetHashCode() => 7;

        public override bool Equals(object? obj)
        {
            onEquals();
            return obj is ClashingKey other && other.Number == number;
        }
    }
}
