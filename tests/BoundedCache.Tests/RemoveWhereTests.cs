using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

public sealed class RemoveWhereTests
{
    [Fact]
    public void Entries_whose_keys_match_are_removed_and_counted()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 100_000_000);
        for (int i = 0; i < 10_000; i++)
        {
            test.Cache.Set($"user:{i}", i);
            test.Cache.Set((object)i, i);
        }

        test.Set("user:callback", "value");
        test.Cache.Set("user:expires", 1, TimeSpan.FromMinutes(1));
        test.Time.Advance(TimeSpan.FromMinutes(1));
        var asked = new List<object>();
        int removed = test.Cache.RemoveWhere(key =>
        {
            asked.Add(key);
            return key is string text && text.StartsWith("user:", StringComparison.Ordinal);
        });

        Assert.Equal((10_002, 10_000), (removed, test.Cache.Count));
        Assert.Equal((20_002, 20_002), (asked.Count, asked.Distinct().Count()));
        Assert.Equal([("user:callback", "value", EvictionReason.Removed)], test.TakeDepartures());
        Assert.False(test.Has("user:5"));
        Assert.True(test.Has(5));
        Assert.Equal(10_002, test.Cache.GetSnapshot().Evictions.Removed.Entries);
        Assert.Equal(0, test.Cache.RemoveWhere(static _ => false));
        Assert.Equal(10_000, test.Cache.RemoveWhere(static _ => true));
        Assert.Equal((0, 0L), (test.Cache.Count, test.Cache.UsedMemory));
        Assert.Equal(0, test.Cache.RemoveWhere(static _ => true));
    }

    [Fact]
    public void An_exception_reaches_the_caller_and_what_matched_before_is_gone()
    {
        using var test = new CacheUnderTest();
        for (int i = 0; i < 1000; i++)
        {
            test.Cache.Set(i, i);
        }

        int asked = 0;
        Assert.Throws<FormatException>(() => test.Cache.RemoveWhere(
            _ => ++asked > 300 ? throw new FormatException() : asked % 3 == 0));

        Assert.Equal(900, test.Cache.Count);
        test.Cache.Clear();
        for (int i = 0; i < 10_000; i++)
        {
            test.Cache.Set(i, i);
        }

        test.Cache.Clear();
        Assert.Equal(0, test.Cache.Count);
    }

    [Fact]
    public void It_holds_no_lock_and_may_call_the_cache()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 100_000_000);
        for (int i = 0; i < 5000; i++)
        {
            test.Cache.Set(i, i);
        }

        int inner = 0;
        int removed = test.Cache.RemoveWhere(key =>
        {
            Assert.False(test.Cache.Engine.Lock.IsHeldByCurrentThread);
            if (key is not int number || number % 100 != 0)
            {
                return false;
            }

            test.Cache.Set($"new {number}", 1);
            test.Cache.Remove(number + 1);
            inner += number == 0 ? test.Cache.RemoveWhere(static other => other is 7 or 8) : 0;
            return test.Has(number);
        });

        Assert.Equal((50, 2), (removed, inner));
        Assert.Equal(5000 - 50 - 50 - 2 + 50, test.Cache.Count);
    }

    [Fact]
    public void An_entry_that_is_replaced_after_it_matched_stays()
    {
        using var test = new CacheUnderTest();
        foreach (object key in (object[])["key", 7])
        {
            test.Cache.Set(key, "old");
            Assert.Equal(0, test.Cache.RemoveWhere(_ =>
            {
                test.Cache.Set(key, "new");
                return true;
            }));
            Assert.Equal("new", test.Cache.Get(key));
            test.Cache.Remove(key);
        }
    }

    [Fact]
    public void One_that_was_only_measured_again_or_read_goes()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set("key", new List<int>());
        test.Set("with details", new List<int>(), static entry => entry.SlidingExpiration = TimeSpan.FromMinutes(1));

        Assert.Equal(2, test.Cache.RemoveWhere(key =>
        {
            Assert.True(test.Has(key));
            Assert.True(test.Cache.Remeasure(key));
            return true;
        }));
        Assert.Equal(0, test.Cache.Count);
    }

    [Fact]
    public void One_that_left_and_whose_slot_another_took_is_not_removed_for_it()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set("gone", 1);

        Assert.Equal(0, test.Cache.RemoveWhere(_ =>
        {
            test.Cache.Remove("gone");
            test.Cache.Set("other", 2);
            return true;
        }));
        Assert.Equal(2, test.Cache.Get("other"));
    }

    [Fact]
    public void Bad_arguments_and_a_disposed_cache_are_refused()
    {
        using var test = new CacheUnderTest();
        Assert.Throws<ArgumentNullException>(() => test.Cache.RemoveWhere(null!));
        test.Cache.Dispose();
        Assert.Throws<ObjectDisposedException>(() => test.Cache.RemoveWhere(static _ => true));
    }

    [Fact]
    public void A_million_entries_while_writers_write()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 1L << 30);
        const int count = 1_000_000;
        object value = new();
        for (int i = 0; i < count; i++)
        {
            test.Cache.Set((object)i, value);
        }

        // Writers add, replace and remove others, so that the table grows, shrinks and would move entries.
        bool stop = false;
        Thread[] writers = [.. Enumerable.Range(1, 2).Select(writer => new Thread(() =>
        {
            var random = new Random(writer);
            while (!Volatile.Read(ref stop))
            {
                object key = (long)random.Next(100_000);
                if (random.Next(2) == 0)
                {
                    test.Cache.Set(key, value);
                }
                else
                {
                    test.Cache.Remove(key);
                }
            }
        }))];
        Array.ForEach(writers, static writer => writer.Start());
        int odd = test.Cache.RemoveWhere(static key => key is int and var number && number % 2 != 0);
        int rest = test.Cache.RemoveWhere(static key => key is int);
        Volatile.Write(ref stop, true);
        Array.ForEach(writers, static writer => writer.Join());

        Assert.Equal((count / 2, count / 2), (odd, rest));
        Assert.DoesNotContain(test.Cache.Keys, static key => key is int);
        InvariantChecker.Check(test.Cache.Engine);
    }
}
