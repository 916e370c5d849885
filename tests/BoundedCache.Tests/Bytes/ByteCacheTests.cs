using System.Buffers;
using BoundedCache.Bytes;
using BoundedCache.Pacing;
using Microsoft.Extensions.Caching.Distributed;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

public sealed class ByteCacheTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(16_000)]
    [InlineData(17_000)]
    [InlineData(65_480)]
    [InlineData(65_520)]
    [InlineData(70_000)]
    [InlineData(1_000_000)]
    public void A_value_comes_back_as_it_was_stored(int length)
    {
        using BoundedByteCache cache = Make();
        byte[] value = Value(1, length);

        Assert.True(cache.Set("a", value));
        Assert.True(cache.Set("b", new ReadOnlySequence<byte>(value)));
        Assert.Equal(value, cache.Get("a"));
        Assert.Equal(value, Read(cache, "a"));
        Assert.Equal(value, Read(cache, "b"));
        Assert.Null(cache.Get("c"));
        Assert.True(cache.Remove("a"));
        Assert.False(cache.Remove("a"));
        Assert.Null(cache.Get("a"));
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void Values_at_each_boundary_of_a_size_class_and_a_slab_are_kept_apart()
    {
        using BoundedByteCache cache = Make(256 * MiB);
        int[] lengths =
        [
            .. SizeClasses.Sizes.Append(SlabPool.DataSize).Append(SlabPool.DataSize * 3).Append(2 * SlabPool.DataSize)
                .SelectMany(static size => Enumerable.Range(size - 40, 44)),
        ];
        foreach (int length in lengths.Where(static length => length >= 0))
        {
            Assert.True(cache.Set($"k{length}", Value(length, length)));
        }

        cache.Engine.CheckInvariants();
        foreach (int length in lengths.Where(static length => length >= 0))
        {
            byte[]? value = cache.Get($"k{length}");
            Assert.NotNull(value);
            Assert.Equal(length, value.Length);
            Assert.True(Is(value, length));
        }

        // Each value grows by one byte, into the next class.
        foreach (int length in lengths.Where(static length => length >= 0))
        {
            Assert.True(cache.Set($"k{length}", Value(length + 1, length + 1)));
        }

        cache.Engine.CheckInvariants();
        Assert.All(lengths.Where(static length => length >= 0), length =>
            Assert.Equal(Value(length + 1, length + 1), Read(cache, $"k{length}")));
    }

    [Fact]
    public void Keys_of_all_kinds_are_told_apart()
    {
        using BoundedByteCache cache = Make();
        string[] keys =
        [
            "", "\0", "\0\0", "a", "A", "ä", "\u0141", "A\u0001", "\ud800", "\udc00", "\ud800\udc00", "\ufffd",
            new string('x', 65_536), new string('x', 65_535) + "y", new string('\u0142', 32_768), new string('x', 300),
        ];
        for (int i = 0; i < keys.Length; i++)
        {
            Assert.True(cache.Set(keys[i], Value(i, 10)), $"key {i}");
        }

        Assert.Equal(keys.Length, cache.Count);
        for (int i = 0; i < keys.Length; i++)
        {
            Assert.Equal(Value(i, 10), cache.Get(keys[i]));
        }

        cache.Engine.CheckInvariants();
        Assert.False(cache.Set(new string('x', 65_537), Value(1, 1)));
        Assert.False(cache.Set(new string('\u0142', 32_769), Value(1, 1)));
        Assert.Null(cache.Get(new string('x', 65_537)));
        Assert.False(cache.Remove(new string('x', 65_537)));
        Assert.Equal(2, cache.GetSnapshot().RefusedTooLarge);
    }

    [Fact]
    public void Nulls_are_refused_and_are_no_empty_texts()
    {
        using BoundedByteCache cache = Make();
        byte[] none = null!;
        string key = null!;

        Assert.Throws<ArgumentNullException>("key", () => cache.Get(key));
        Assert.Throws<ArgumentNullException>("key", () => cache.TryGet(key, new ArrayBufferWriter<byte>()));
        Assert.Throws<ArgumentNullException>("destination", () => cache.TryGet("a", null!));
        Assert.Throws<ArgumentNullException>("key", () => cache.Set(key, new byte[1]));
        Assert.Throws<ArgumentNullException>("key", () => cache.Set(key, new byte[1].AsSpan()));
        Assert.Throws<ArgumentNullException>("key", () => cache.Set(key, new ReadOnlySequence<byte>([1])));
        Assert.Throws<ArgumentNullException>("value", () => cache.Set("a", none));
        Assert.Throws<ArgumentNullException>("value", () => cache.Set("a".AsSpan(), none));
        Assert.Throws<ArgumentNullException>("key", () => cache.Refresh(key));
        Assert.Throws<ArgumentNullException>("key", () => cache.Remove(key));
        Assert.Throws<ArgumentNullException>("prefix", () => cache.RemoveByPrefix(key));
        Assert.Equal(0, cache.Count);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void The_least_recently_used_entry_goes_first()
    {
        using BoundedByteCache cache = Make(2 * MiB);
        int stored = 0;
        while (cache.GetSnapshot().Evictions.Capacity.Entries == 0)
        {
            Assert.True(cache.Set($"k{stored++}", Value(stored, 1000)));
            Assert.NotNull(cache.Get("k0"));
        }

        Assert.Null(cache.Get("k1"));
        Assert.NotNull(cache.Get("k0"));
        for (int i = 0; i < stored; i++)
        {
            Assert.True(cache.Set($"n{i}", Value(i, 1000)));
            Assert.NotNull(cache.Get("k0"));
        }

        Assert.Null(cache.Get("k2"));
        Assert.NotNull(cache.Get("k0"));
        Assert.True(cache.UsedMemory <= cache.MaxMemory);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public async Task Lowering_the_limit_evicts_and_gives_memory_back_and_raising_it_makes_room()
    {
        using BoundedByteCache cache = Make(32 * MiB);
        for (int i = 0; i < 40_000; i++)
        {
            Assert.True(cache.Set($"k{i}", Value(i, 700 + (i % 300))));
        }

        Assert.InRange(cache.UsedMemory, 28 * MiB, 32 * MiB);
        ShrinkReport report = await cache.SetMaxMemoryAsync(4 * MiB);

        Assert.InRange(cache.UsedMemory, 3 * MiB, 4 * MiB);
        Assert.Equal(4 * MiB, cache.EffectiveMaxMemory);
        Assert.Equal(MaxMemoryChange.Lowered, report.LimitChange);
        Assert.True(report.EntriesEvicted > 20_000);
        Assert.Equal(0, report.Collections);
        Assert.Equal(cache.Count, report.Count);
        Assert.Equal(ReleaseOutcome.Released, report.Outcome);
        Assert.Same(report, cache.GetSnapshot().LastReport);
        Assert.Equal(Value(39_999, 700 + (39_999 % 300)), cache.Get("k39999"));
        cache.Engine.CheckInvariants();

        cache.MaxMemory = 64 * MiB;
        for (int i = 0; i < 80_000; i++)
        {
            Assert.True(cache.Set($"k{i}", Value(i, 700 + (i % 300))));
        }

        Assert.InRange(cache.UsedMemory, 58 * MiB, 64 * MiB);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void Limits_near_zero_refuse_or_hold_what_fits()
    {
        using BoundedByteCache cache = Make(1);
        for (long limit = 1; limit <= 256 * 1024; limit = (limit * 3 / 2) + 1)
        {
            cache.MaxMemory = limit;
            for (int length = 0; length < 70_000; length = (length * 2) + 1)
            {
                bool isStored = cache.Set($"k{length}", Value(length, length));
                Assert.Equal(isStored, cache.Get($"k{length}") is not null);
                Assert.True(cache.UsedMemory <= limit, $"{cache.UsedMemory} of {limit}");
                cache.Engine.CheckInvariants();

                // Table and block need four pages.
                Assert.True(isStored || limit < length + (5 * 4096));
            }
        }

        cache.MaxMemory = 1;
        Assert.Equal(0, cache.Count);
        Assert.Equal(0, cache.UsedMemory);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.MaxMemory = 0);
    }

    [Fact]
    public void A_value_as_large_as_the_limit_allows_is_kept_and_a_larger_one_is_refused_and_counted()
    {
        using BoundedByteCache cache = Make(8 * MiB);
        Assert.True(cache.Set("small", Value(1, 10)));
        Assert.False(cache.Set("small", new byte[9 * MiB]));
        Assert.Equal(1, cache.GetSnapshot().RefusedTooLarge);
        Assert.Null(cache.Get("small"));

        byte[] value = Value(2, (int)(8 * MiB) - (200 * 1024));
        Assert.True(cache.Set("large", value));
        Assert.Equal(value, cache.Get("large"));
        Assert.Equal(value, Read(cache, "large"));
        Assert.True(cache.Set("large", value));
        Assert.Equal(value, Read(cache, "large"));
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void Clear_compact_and_prefixes_remove_what_they_say()
    {
        using BoundedByteCache cache = Make(32 * MiB);
        for (int i = 0; i < 10_000; i++)
        {
            cache.Set($"{(i % 2 == 0 ? "even" : "odd")}:{i}", Value(i, i % 2000));
        }

        cache.Set("even\u0141", Value(1, 1));
        Assert.Equal(5_001, cache.RemoveByPrefix("even"));
        Assert.Equal(0, cache.RemoveByPrefix("even"));
        Assert.Equal(5_000, cache.Count);
        cache.Engine.CheckInvariants();
        cache.Compact(0.5);
        Assert.Equal(2_500, cache.Count);
        Assert.NotNull(cache.Get("odd:9999"));
        Assert.Null(cache.Get("odd:1"));
        cache.Engine.CheckInvariants();
        cache.Clear();
        Assert.Equal(0, cache.Count);
        Assert.Equal(0, cache.UsedMemory);
        cache.Engine.CheckInvariants();
        CacheSnapshot snapshot = cache.GetSnapshot();
        Assert.Equal(snapshot.Insertions, snapshot.Evictions.All.Entries);
    }

    [Fact]
    public void Entries_expire_at_their_time_and_slide_when_they_are_used()
    {
        var clock = Clock();
        using BoundedByteCache cache = Make(time: clock);
        DateTimeOffset now = clock.GetUtcNow();
        cache.Set("at", Value(1, 10), new DistributedCacheEntryOptions { AbsoluteExpiration = now.AddSeconds(10) });
        cache.Set("relative", Value(2, 10), new DistributedCacheEntryOptions
        {
            AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(20),
        });
        cache.Set("slides", Value(3, 10), new DistributedCacheEntryOptions
        {
            SlidingExpiration = TimeSpan.FromSeconds(8),
            AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(30),
        });
        cache.Set("large", Value(4, 100_000), new DistributedCacheEntryOptions
        {
            SlidingExpiration = TimeSpan.FromSeconds(8),
        });
        Assert.True(cache.Set("past", Value(5, 10), new DistributedCacheEntryOptions { AbsoluteExpiration = now }));
        Assert.Null(cache.Get("past"));
        Assert.Equal(1, cache.GetSnapshot().RefusedExpired);

        clock.Advance(TimeSpan.FromSeconds(7));
        Assert.NotNull(cache.Get("at"));
        Assert.NotNull(cache.Get("slides"));
        Assert.True(cache.Refresh("large"));
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Null(cache.Get("at"));
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(Value(3, 10), Read(cache, "slides"));
        Assert.Equal(Value(4, 100_000), Read(cache, "large"));
        clock.Advance(TimeSpan.FromSeconds(8));
        Assert.Null(cache.Get("slides"));
        Assert.False(cache.Refresh("large"));
        Assert.Null(cache.Get("relative"));
        Assert.Equal(0, cache.Count);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_scan_removes_what_nobody_reads()
    {
        var clock = Clock();
        using BoundedByteCache cache = Make(time: clock);
        for (int i = 0; i < 5_000; i++)
        {
            cache.Set($"k{i}", Value(i, 100), i % 2 == 0 ? null : new DistributedCacheEntryOptions
            {
                AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(30),
            });
        }

        clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(2_500, cache.Count);
        Assert.Equal(2_500, cache.GetSnapshot().Evictions.Expired.Entries);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_disposed_cache_holds_nothing_and_says_so()
    {
        BoundedByteCache cache = Make();
        cache.Set("a", Value(1, 100));
        cache.Set("b", Value(1, 100_000));
        cache.Dispose();
        cache.Dispose();

        Assert.Equal(0, cache.UsedMemory);
        Assert.Equal(0, cache.Count);
        Assert.Throws<ObjectDisposedException>(() => cache.Get("a"));
        Assert.Throws<ObjectDisposedException>(() => cache.Set("a", Value(1, 1)));
        Assert.Throws<ObjectDisposedException>(() => cache.Set("a", Value(1, 100_000)));
        Assert.Throws<ObjectDisposedException>(() => cache.Remove("a"));
        Assert.Throws<ObjectDisposedException>(() => cache.MaxMemory = 5);
        Assert.Throws<ObjectDisposedException>(() => cache.Clear());
        cache.Compact(1);
        Assert.Equal("bytes", cache.GetSnapshot().Name);
    }

    [Fact]
    public void Hits_and_misses_are_counted()
    {
        using BoundedByteCache cache = Make();
        cache.Set("a", Value(1, 100));
        for (int i = 0; i < 1000; i++)
        {
            cache.Get("a");
            cache.Get("b");
        }

        Assert.Equal(1000, cache.GetSnapshot().Hits);
        Assert.Equal(1000, cache.GetSnapshot().Misses);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void An_effective_limit_below_the_limit_holds_until_it_is_lifted()
    {
        using BoundedByteCache cache = Make(16 * MiB);
        for (int i = 0; i < 20_000; i++)
        {
            cache.Set($"k{i}", Value(i, 1000));
        }

        ((IYieldingCache)cache).SetCap(4 * MiB, long.MaxValue);
        Assert.True(((IYieldingCache)cache).EvictDownToLimit() > 0);
        Assert.Equal(4 * MiB, cache.EffectiveMaxMemory);
        Assert.Equal(16 * MiB, cache.MaxMemory);
        Assert.True(cache.UsedMemory <= 4 * MiB);
        cache.MaxMemory = 8 * MiB;
        Assert.Equal(4 * MiB, cache.EffectiveMaxMemory);
        ((IYieldingCache)cache).SetCap(long.MaxValue, long.MaxValue);
        Assert.Equal(8 * MiB, cache.EffectiveMaxMemory);

        // An eighth of the limit is left, or of the one that is near, which is less.
        ((IYieldingCache)cache).SetCap(1, long.MaxValue);
        Assert.Equal(MiB, cache.EffectiveMaxMemory);
        ((IYieldingCache)cache).SetCap(1, 4 * MiB);
        Assert.Equal(MiB / 2, cache.EffectiveMaxMemory);
        ((IYieldingCache)cache).EvictDownToLimit();
        cache.Engine.CheckInvariants();
    }
}
