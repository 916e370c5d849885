using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// <c>Keys</c>, <c>Count</c>, <c>Clear</c>, keys of all classes, and enumeration while others change the cache.
/// </summary>
public abstract class KeysContract(CacheKind kind) : CacheContract(kind)
{
    [Fact]
    public void Keys_are_all_keys_of_whatever_class()
    {
        object[] keys = ["text", "", 7, 7L, 'c', new(), (1, "a"), typeof(string), DayOfWeek.Friday];
        Array.ForEach(keys, key => Set(key, key));

        Assert.Equal(keys.ToHashSet(), Tested.Keys.ToHashSet());
        Assert.Equal(keys.Length, Tested.Keys.Count());
        Assert.Equal(keys.Length, Tested.Count);
        Assert.All(keys, key => Assert.Same(key, Cache.Get(key)));
    }

    [Fact]
    public void Keys_of_different_classes_are_different_keys()
    {
        Set(1, "int");
        Set(1L, "long");
        Set("1", "string");
        Set('1', "char");

        Assert.Equal(4, Tested.Count);
        Assert.Equal(("int", "long", "string", "char"), (Cache.Get(1), Cache.Get(1L), Cache.Get("1"), Cache.Get('1')));
    }

    [Fact]
    public void Case_and_normalization_of_strings_matter()
    {
        Set("k", 1);
        Set("K", 2);
        Set("\u00e9", 3);
        Set("e\u0301", 4);

        Assert.Equal(4, Tested.Count);
        Assert.Equal(3, Cache.Get("\u00e9"));
    }

    [Fact]
    public void Keys_with_one_hash_code_are_told_apart()
    {
        for (int i = 0; i < 100; i++)
        {
            Set(new Colliding(i), i);
        }

        Cache.Remove(new Colliding(50));
        Assert.Equal(99, Tested.Count);
        Assert.All(Enumerable.Range(0, 100), i => Assert.Equal(i == 50 ? null : i, (int?)Cache.Get(new Colliding(i))));
    }

    [Fact]
    public void An_empty_cache_has_none()
    {
        Assert.Empty(Tested.Keys);
        Assert.Equal(0, Tested.Count);
    }

    [Fact]
    public void Keys_can_be_enumerated_again_and_show_what_is_there_then()
    {
        IEnumerable<object> keys = Tested.Keys;
        Set("a", 1);
        Assert.Equal(["a"], keys);
        Set("b", 2);
        Cache.Remove("a");

        Assert.Equal(["b"], keys);
    }

    [Fact]
    public void The_cache_may_change_while_its_keys_are_enumerated()
    {
        for (int i = 0; i < 1000; i++)
        {
            Set(i, i);
        }

        int seen = 0;
        foreach (object key in Tested.Keys)
        {
            Cache.Remove(key);
            seen++;
        }

        Assert.Equal(1000, seen);
        Assert.Equal(0, Tested.Count);
    }

    [Fact]
    public async Task While_others_write_each_key_that_stays_is_seen_once()
    {
        for (int i = 0; i < 500; i++)
        {
            Set($"stays {i}", i);
            Set(i, i);
        }

        using var stop = new CancellationTokenSource();
        Task writer = Task.Run(() =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                Cache.Set($"comes and goes {i % 5000}", i);
                Cache.Remove($"comes and goes {(i + 2500) % 5000}");
            }
        });
        for (int i = 0; i < 50; i++)
        {
            List<object> keys = [.. Tested.Keys];
            Assert.Equal(keys.Count, keys.ToHashSet().Count);
            Assert.Equal(
                1000,
                keys.Count(static key => key is int || ((string)key).StartsWith("stays", StringComparison.Ordinal)));
        }

        await stop.CancelAsync();
        await writer;
    }

    [Fact]
    public void Clear_removes_everything_of_whatever_priority_and_expired_or_not()
    {
        Setup = new() { SizeLimit = 100 };
        SetSized("plain", 10);
        SetSized("never", 20, static entry => entry.Priority = CacheItemPriority.NeverRemove);
        SetSized("expired", 30, static entry => entry.SetAbsoluteExpiration(Minute));
        Time.Advance(Minute);

        Tested.Clear();

        Assert.Equal((0, 0L), (Tested.Count, Tested.Size));
        Assert.Empty(Tested.Keys);
        Departure[] gone = Departures.Take(3);
        Assert.Equal(["expired", "never", "plain"], gone.Select(static departure => departure.Key));
        Assert.All(gone, static departure => Assert.Equal(EvictionReason.Removed, departure.Reason));
        Departures.AssertNoMore();
    }

    [Fact]
    public void Keys_that_were_asked_for_before_Clear_and_are_enumerated_after_it()
    {
        IEnumerable<object> keys = Tested.Keys;
        Set("before", 1);
        Tested.Clear();
        Set("after", 1);

        Assert.Equal([Differs(Deviations.KeysAreOfNow, memoryCache: "before", bounded: "after")], keys);
    }

    [Fact]
    public void An_enumeration_that_has_begun_goes_on_though_the_cache_is_cleared_or_disposed()
    {
        for (int i = 0; i < 1000; i++)
        {
            Set(i, i);
        }

        using IEnumerator<object> cleared = Tested.Keys.GetEnumerator();
        Assert.True(cleared.MoveNext());
        using IEnumerator<object> disposed = Tested.Keys.GetEnumerator();
        Assert.True(disposed.MoveNext());
        Tested.Clear();
        Cache.Dispose();

        Assert.Equal((1000, 1000), (CountWithRest(cleared), CountWithRest(disposed)));

        static int CountWithRest(IEnumerator<object> keys)
        {
            int count = 1;
            while (keys.MoveNext())
            {
                count++;
            }

            return count;
        }
    }

    [Fact]
    public void A_cleared_cache_can_be_used_again()
    {
        Set("key", 1);
        Tested.Clear();
        Tested.Clear();
        Set("key", 2);

        Assert.Equal(2, Cache.Get("key"));
        Assert.Equal(1, Tested.Count);
    }

    [Fact]
    public void Removing_what_is_not_there_does_nothing()
    {
        Cache.Remove("key");
        Cache.Remove(7);
        Set("key", 1);
        Cache.Remove("key");
        Cache.Remove("key");

        Departures.TakeOne();
        Departures.AssertNoMore();
    }

    public sealed class OnMemoryCache() : KeysContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : KeysContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : KeysContract(CacheKind.ScanResistant);

    private sealed record Colliding(int Number)
    {
        public override int GetHashCode() => 1;
    }
}
