using BoundedCache.Engine;
using BoundedCache.Sizing;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests;

public sealed class RemeasureTests
{
    private static readonly long s_rest = ObjectMeasurer.SizeOfString("key".Length) + CacheEngine.TableBytesPerEntry;

    [Fact]
    public void A_value_that_was_filled_since_is_charged_what_it_holds_now()
    {
        using var test = new CacheUnderTest();
        var value = new Filled();
        test.Cache.Set("key", value);
        long before = test.Cache.UsedMemory;

        value.Content = new byte[1000];
        Assert.True(test.Cache.Remeasure("key"));
        Assert.Equal(before + 1024, test.Cache.UsedMemory);

        value.Content = null;
        Assert.True(test.Cache.Remeasure("key"));
        Assert.Equal(before, test.Cache.UsedMemory);
    }

    [Fact]
    public void A_lazy_value_that_was_made_since_counts()
    {
        using var test = new CacheUnderTest();
        var value = new Lazy<byte[]>(static () => new byte[10_000]);
        test.Cache.Set("key", value);
        long before = test.Cache.UsedMemory;

        Assert.Equal(10_000, value.Value.Length);
        Assert.True(test.Cache.Remeasure("key"));
        Assert.InRange(test.Cache.UsedMemory - before, 9_800, 10_100);
    }

    [Fact]
    public void What_an_entry_has_beside_its_value_is_charged_as_when_it_was_stored()
    {
        using var test = new CacheUnderTest();
        using var cancellation = new CancellationTokenSource();
        test.Set("key", new Filled(), entry =>
        {
            entry.SetSlidingExpiration(TimeSpan.FromMinutes(1));
            entry.AddExpirationToken(new CancellationChangeToken(cancellation.Token));
        });
        test.Cache.Set("other", new byte[10], TimeSpan.FromMinutes(1));
        long before = test.Cache.UsedMemory;

        Assert.True(test.Cache.Remeasure("key"));
        Assert.True(test.Cache.Remeasure("other"));
        Assert.Equal(before, test.Cache.UsedMemory);
    }

    [Fact]
    public void The_stored_key_is_charged_and_not_the_equal_one_it_is_asked_by()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set(new Padded("a", 5000), "value");
        long before = test.Cache.UsedMemory;

        Assert.True(test.Cache.Remeasure(new Padded("a", 0)));
        Assert.Equal(before, test.Cache.UsedMemory);
    }

    [Fact]
    public void A_key_that_is_not_there_is_not_measured()
    {
        using var test = new CacheUnderTest(
            static options => options.AddSizer<Filled>(static _ => throw new NotSupportedException()));
        Assert.False(test.Cache.Remeasure("key"));
        Assert.False(test.Cache.Remeasure(42));
    }

    [Fact]
    public void An_expired_entry_is_removed_instead()
    {
        using var test = new CacheUnderTest();
        test.Set("sliding", 1, static entry => entry.SetSlidingExpiration(TimeSpan.FromSeconds(5)));
        test.Cache.Set("plain", 2, TimeSpan.FromSeconds(5));
        test.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.False(test.Cache.Remeasure("sliding"));
        Assert.False(test.Cache.Remeasure("plain"));
        Assert.Equal([("sliding", 1, EvictionReason.Expired)], test.TakeDepartures());
        Assert.Equal(0, test.Cache.Count);
    }

    [Fact]
    public void It_does_not_count_as_a_use()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(2);
        test.Set("a", 1, static entry => entry.SetSlidingExpiration(TimeSpan.FromSeconds(5)));
        test.Set("b", 2);
        test.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.True(test.Cache.Remeasure("a", 1));
        Assert.Equal(["b", "a"], test.Cache.Engine.KeysInOrder(CacheItemPriority.Normal));

        test.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(test.Has("a"));
    }

    [Fact]
    public void An_entry_that_grows_evicts_the_oldest_others_even_where_it_is_older()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(4);
        foreach (string key in (string[])["a", "b", "c", "d"])
        {
            test.Set(key, key);
        }

        Assert.True(test.Cache.Remeasure("a", 3));
        Assert.Equal(["d", "a"], test.Cache.Engine.KeysInOrder(CacheItemPriority.Normal));
        Assert.Equal(4, test.Cache.UsedMemory);
        Assert.Equal([("b", "b", EvictionReason.Capacity), ("c", "c", EvictionReason.Capacity)], test.TakeDepartures());
    }

    [Fact]
    public void Lower_priorities_go_first_and_those_never_removed_last()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(4);
        test.Set("kept", 1, static entry => entry.Priority = CacheItemPriority.NeverRemove);
        test.Set("high", 2, static entry => entry.Priority = CacheItemPriority.High);
        test.Set("low", 3, static entry => entry.Priority = CacheItemPriority.Low);
        test.Set("a", 4);

        Assert.True(test.Cache.Remeasure("a", 3));
        Assert.Equal(["a", "kept"], test.Cache.Keys.Order());
        Assert.True(test.Cache.Remeasure("a", 4));
        Assert.Equal(["a"], test.Cache.Keys);
    }

    [Fact]
    public void More_others_than_one_hold_of_the_lock_evicts()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(1000);
        for (int i = 0; i < 1000; i++)
        {
            test.Set($"key {i:D4}", i);
        }

        Assert.True(test.Cache.Remeasure("key 0000", 900));
        Assert.Equal(1000, test.Cache.UsedMemory);
        Assert.Equal(101, test.Cache.Count);
        Assert.True(test.Has("key 0000"));
        Assert.False(test.Has("key 0899"));
        Assert.True(test.Has("key 0900"));
        Assert.Equal(899, test.TakeDepartures().Length);
    }

    [Fact]
    public void What_no_longer_fits_at_all_is_removed_for_lack_of_capacity()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(3);
        test.Set("a", 1);
        test.Set("b", 2);

        Assert.False(test.Cache.Remeasure("a", 4));
        Assert.Equal([("a", 1, EvictionReason.Capacity)], test.TakeDepartures());
        Assert.Equal(["b"], test.Cache.Keys);
    }

    [Fact]
    public void The_size_given_is_a_floor_and_the_one_declared_before_counts_no_longer()
    {
        using var test = new CacheUnderTest();
        test.Set("key", new byte[1000], static entry => entry.Size = 50_000);
        long details = test.Cache.UsedMemory - 50_000;

        Assert.True(test.Cache.Remeasure("key", 1));
        Assert.Equal(1024 + details, test.Cache.UsedMemory);
        Assert.True(test.Cache.Remeasure("key", 2000));
        Assert.Equal(2000 + details, test.Cache.UsedMemory);
        Assert.False(test.Cache.Remeasure("key", long.MaxValue));
        Assert.Equal(0, test.Cache.UsedMemory);
    }

    [Fact]
    public void A_chain_that_was_counted_to_its_end_stays_charged_for_all_of_it()
    {
        const int Nodes = 200_000;
        using var test = new CacheUnderTest(static options => options.MaxMemory = 1 << 30);
        var chain = new Linked();
        for (int i = 1; i < Nodes; i++)
        {
            chain.Next = new Linked { Next = chain.Next };
        }

        test.Cache.Set("key", chain);
        Assert.InRange(test.Cache.UsedMemory, 1, Nodes * 24 * 3 / 4);
        test.Cache.Audit!.MeasureFinished(TimeSpan.MaxValue);
        long counted = test.Cache.UsedMemory;
        Assert.InRange(counted, Nodes * 24, Nodes * 25);

        Assert.True(test.Cache.Remeasure("key"));
        Assert.Equal(counted, test.Cache.UsedMemory);

        for (int i = 0; i < 50_000; i++)
        {
            chain.Next = chain.Next!.Next;
        }

        Assert.True(test.Cache.Remeasure("key"));
        test.Cache.Audit.MeasureFinished(TimeSpan.MaxValue);
        Assert.Equal(counted - (50_000 * 24), test.Cache.UsedMemory);
    }

    [Fact]
    public void Bad_arguments_change_nothing()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(3);
        test.Set("key", 1);

        Assert.Throws<ArgumentNullException>("key", () => test.Cache.Remeasure(null!));
        Assert.Throws<ArgumentOutOfRangeException>("size", () => test.Cache.Remeasure("key", -1));
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => test.Cache.Remeasure("key"));
        Assert.Contains("'test'", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, test.Cache.UsedMemory);

        test.Cache.Dispose();
        Assert.Throws<ObjectDisposedException>(() => test.Cache.Remeasure("key", 1));
    }

    [Fact]
    public void An_entry_replaced_while_it_is_measured_is_measured_again()
    {
        BoundedMemoryCache cache = null!;
        var old = new Filled();
        using var test = new CacheUnderTest(options => options.AddSizer<Filled>(value =>
        {
            if (value == old && cache.Count == 1)
            {
                cache.Set("key", new byte[1000]);
            }

            return 777;
        }));
        cache = test.Cache;
        cache.Set("key", old);

        Assert.True(cache.Remeasure("key"));
        Assert.Equal(1024 + s_rest, cache.UsedMemory);
    }

    [Fact]
    public void Of_two_that_measure_at_once_the_older_measurement_does_not_win()
    {
        BoundedMemoryCache cache = null!;
        long answer = 100;
        bool nested = false;
        using var test = new CacheUnderTest(options => options.AddSizer<Filled>(_ =>
        {
            long seen = answer;
            if (seen == 100 && nested)
            {
                // The value grows after this measurement saw it, and another thread measures it and
                // finishes before this one.
                nested = false;
                answer = 500;
                Task.Run(() => Assert.True(cache.Remeasure("key"))).Wait();
            }

            return seen;
        }));
        cache = test.Cache;
        cache.Set("key", new Filled());
        nested = true;

        Assert.True(cache.Remeasure("key"));
        Assert.Equal(500 + s_rest, cache.UsedMemory);
    }

    [Fact]
    public void An_entry_removed_while_it_is_measured_stays_removed()
    {
        BoundedMemoryCache cache = null!;
        using var test = new CacheUnderTest(options => options.AddSizer<Filled>(_ =>
        {
            cache.Remove("key");
            return 10;
        }));
        cache = test.Cache;
        cache.Set("key", new Filled());

        Assert.False(cache.Remeasure("key"));
        Assert.Equal(0, cache.UsedMemory);
    }

    private sealed class Filled
    {
        public byte[]? Content { get; set; }
    }

    private sealed class Padded(string name, int padding)
    {
        public byte[] Padding { get; } = new byte[padding];

        public override bool Equals(object? obj) => obj is Padded other && other.Name == Name;

        public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

        private string Name { get; } = name;
    }

    private sealed class Linked
    {
        public Linked? Next { get; set; }
    }
}
