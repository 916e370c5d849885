using BoundedCache.Engine;
using BoundedCache.Entries;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Disposal.DisposalSteps;

namespace BoundedCache.Tests.Disposal;

/// <summary>Values that several entries hold: they are disposed when the last one has left, and no earlier.</summary>
public sealed class SharedValueDisposalTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_instance_that_is_stored_elsewhere_stays(bool byOption)
    {
        using CacheUnderTest test = Make(byOption);
        using var value = new Value();
        Store(test, "first", value, byOption);
        Store(test, "second", value, byOption);
        test.Cache.Set("third", value);
        test.Set("fourth", value);
        foreach (string key in (string[])["first", "third", "second"])
        {
            test.Cache.Remove(key);
            Assert.True(test.Cache.WaitForCallbacks(Patience));
            Assert.Equal(0, value.Disposals);
        }

        test.Cache.Remove("fourth");
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal(1, value.Disposals);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("with a callback")]
    [InlineData("that expires")]
    [InlineData("with a window")]
    public void One_that_was_stored_before_without_being_disposed_counts_too(string how)
    {
        using CacheUnderTest test = Make(byOption: false);
        using var value = new Value();
        for (int i = 0; i < 5000; i++)
        {
            test.Cache.Set(i, "text");
        }

        _ = how switch
        {
            "plain" => test.Cache.Set("before", value),
            "that expires" => test.Cache.Set("before", value, TimeSpan.FromMinutes(1)),
            "with a window" => CacheExtensions.Set(test.Cache, "before", value, new MemoryCacheEntryOptions
            {
                SlidingExpiration = TimeSpan.FromMinutes(1),
            }),
            _ => CacheExtensions.Set(test.Cache, "before", value, new MemoryCacheEntryOptions()
                .RegisterPostEvictionCallback(static (_, _, _, _) => { })),
        };
        Store(test, "marked", value, byOption: false);
        test.Cache.Remove("marked");
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal(0, value.Disposals);
        Assert.Same(value, test.Cache.Get("before"));
        Store(test, "marked", value, byOption: false);
        test.Cache.Remove("marked");
        if (how is "that expires" or "with a window")
        {
            test.Time.Advance(TimeSpan.FromMinutes(1));
            Assert.False(test.Has("before"));
        }
        else
        {
            test.Cache.Remove("before");
        }

        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal(1, value.Disposals);
    }

    [Fact]
    public void An_entry_that_is_stored_already_can_be_marked()
    {
        using CacheUnderTest test = Make(byOption: false);
        using var value = new Value();
        ICacheEntry first = test.Cache.CreateEntry("first");
        first.Value = value;
        first.Dispose();
        test.Cache.Set("second", value);
        first.DisposeValueOnRemoval();
        test.Cache.Remove("first");
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal(0, value.Disposals);
        test.Cache.Remove("second");
        Assert.True(test.Cache.WaitForCallbacks(Patience));

        Assert.Equal(1, value.Disposals);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Entries_that_were_only_watched_can_be_marked_too(bool isStoredBefore)
    {
        using CacheUnderTest test = Make(byOption: false);
        using var marked = new Value();
        using var value = new Value();
        ICacheEntry first = Store("first", marked);
        ICacheEntry second;
        if (isStoredBefore)
        {
            second = Store("second", value);
            first.DisposeValueOnRemoval();
        }
        else
        {
            first.DisposeValueOnRemoval();
            second = Store("second", value);
        }

        second.DisposeValueOnRemoval();
        test.Cache.Remove("second");
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal((0, 1), (marked.Disposals, value.Disposals));

        ICacheEntry Store(string key, Value stored)
        {
            ICacheEntry entry = test.Cache.CreateEntry(key);
            entry.Value = stored;
            entry.Dispose();
            return entry;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Replacement_by_the_same_instance_does_not_dispose_it(bool byOption)
    {
        using CacheUnderTest test = Make(byOption);
        using var value = new Value();
        for (int i = 0; i < 5; i++)
        {
            Store(test, "key", value, byOption);
        }

        using (var refused = new Value { Content = new byte[2_000_000] })
        {
            Store(test, "other", refused, byOption);
        }

        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal(0, value.Disposals);
        Store(test, "key", new object(), byOption);
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal(1, value.Disposals);
    }

    [Theory]
    [InlineData("hash code", false)]
    [InlineData("hash code", true)]
    [InlineData("Equals", false)]
    [InlineData("Equals", true)]
    public void One_that_is_just_being_stored_when_the_first_entry_is_marked_counts_too(string during, bool hasCallback)
    {
        using CacheUnderTest test = Make(byOption: false);
        using var value = new Value();
        var older = new CallingKey();
        var key = new CallingKey();
        test.Cache.Set(older, "older");
        Action mark = () => Store(test, "marked", value, byOption: false);
        key.OnHash = during == "hash code" ? mark : null;
        older.OnEquals = during == "Equals" ? mark : null;
        if (hasCallback)
        {
            CacheExtensions.Set(test.Cache, key, value, new MemoryCacheEntryOptions()
                .RegisterPostEvictionCallback(static (_, _, _, _) => { })
                .SetAbsoluteExpiration(TimeSpan.FromMinutes(1)));
        }
        else
        {
            test.Cache.Set(key, value, TimeSpan.FromMinutes(1));
        }

        Assert.True(test.Has("marked"));
        test.Cache.Remove("marked");
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal(0, value.Disposals);
        Assert.Same(value, test.Cache.Get(key));
        test.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(test.Cache.Get(key));
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal(1, value.Disposals);
    }

    [Fact]
    public void One_that_is_refused_meanwhile_is_its_writers()
    {
        using CacheUnderTest test = Make(byOption: false);
        using var value = new Value();
        var key = new CallingKey
        {
            OnHash = () =>
            {
                using ICacheEntry entry = test.Cache.CreateEntry(new CallingKey());
                entry.DisposeValueOnRemoval().Value = value;
            },
        };
        test.Cache.Set(key, value, test.Time.GetUtcNow());

        Assert.Equal(0, test.Cache.Count);
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal(0, value.Disposals);
    }

    [Theory]
    [InlineData("too large")]
    [InlineData("expired")]
    [InlineData("overtaken")]
    public void The_mark_of_an_entry_that_was_refused_counts_for_no_other(string why)
    {
        using CacheUnderTest test = Make(byOption: false);
        using var value = new Value();
        test.Cache.Set("plain", value);
        switch (why)
        {
            case "too large":
                value.Content = new byte[2_000_000];
                Store(test, "marked", value, byOption: false);
                value.Content = null;
                break;
            case "expired":
                Store(test, "marked", value, byOption: false, test.Time.GetUtcNow());
                break;
            default:
                test.Cache.GetOrCreate("marked", entry =>
                {
                    entry.DisposeValueOnRemoval();
                    test.Cache.Remove("marked");
                    return value;
                });
                break;
        }

        Assert.Same(value, test.Cache.Get("plain"));
        Assert.False(test.Has("marked"));
        test.Cache.Set("plain", value, TimeSpan.FromMinutes(1));
        test.Cache.Remove("plain");
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal(0, value.Disposals);

        // One that is stored counts as ever.
        test.Cache.Set("plain", value);
        Store(test, "marked", value, byOption: false);
        test.Cache.Remove("marked");
        test.Cache.Remove("plain");
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal(1, value.Disposals);
    }

    [Fact]
    public void An_entry_that_is_counted_twice_is_one()
    {
        var holders = new ValueHolders();
        EntryDetails[] entries = [EntryDetails.Empty(), EntryDetails.Empty()];
        holders.Add(entries[0]);
        holders.Add(entries[1]);
        holders.Remove(entries[0]);
        holders.Add(entries[1]);
        Assert.False(holders.IsEmpty);
        holders.Remove(entries[1]);
        Assert.True(holders.IsEmpty);
    }

    [Fact]
    public void Of_two_entries_that_are_marked_at_once_neither_leaves_before_the_others_are_counted()
    {
        // The first mark looks at all entries; the second one must not be quicker.
        for (int round = 0; round < 20; round++)
        {
            using CacheUnderTest test = Make(byOption: false);
            using var value = new Value();
            for (int i = 0; i < 8000; i++)
            {
                test.Cache.Set(i, "text");
            }

            test.Cache.Set("plain", value);
            Parallel.For(0, 2, i =>
            {
                using var other = new Value();
                Store(test, $"marked {i}", i == 0 ? other : value, byOption: false);
                test.Cache.Remove($"marked {i}");
            });
            Assert.True(test.Cache.WaitForCallbacks(Patience));
            Assert.Equal(0, value.Disposals);
        }
    }

    /// <summary>A key whose code does something in the middle of a store, once.</summary>
    private sealed class CallingKey
    {
        public Action? OnHash { get; set; }

        public Action? OnEquals { get; set; }

        public override int GetHashCode()
        {
            Action? action = OnHash;
            OnHash = null;
            action?.Invoke();
            return 1;
        }

        public override bool Equals(object? obj)
        {
            Action? action = OnEquals;
            OnEquals = null;
            action?.Invoke();
            return obj is CallingKey;
        }
    }
}
