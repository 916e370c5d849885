using BoundedCache.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Entries;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Disposal.DisposalSteps;

namespace BoundedCache.Tests.Disposal;

/// <summary>Values that the cache disposes when they have left it.</summary>
public sealed class ValueDisposalTests
{
    public static TheoryData<string, bool> Ways => new()
    {
        { "removed", true },
        { "replaced", true },
        { "replaced by one that is too large", true },
        { "replaced by one that is expired", true },
        { "evicted", true },
        { "expired", true },
        { "compacted", true },
        { "cleared", true },
        { "matched", true },
        { "shrunk", true },
        { "grown", true },
        { "disposed", true },
        { "removed", false },
        { "replaced", false },
        { "disposed", false },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_value_is_disposed_once_however_it_leaves(string way, bool byOption)
    {
        using CacheUnderTest test = Make(byOption);
        foreach (Value value in (Value[])[new Value(), new AsyncToo()])
        {
            var asynchronous = new AsyncOnly();
            Store(test, "value", value, byOption);
            Store(test, "asynchronous", asynchronous, byOption);
            using var options = new Value();
            test.Cache.Set("options", options, new MemoryCacheEntryOptions().DisposeValueOnRemoval());
            Assert.Equal((0, 0, 0), (value.Disposals, asynchronous.Disposals, options.Disposals));
            foreach (string key in (string[])["value", "asynchronous", "options"])
            {
                Leave(test, key, way);
            }

            if (way == "disposed")
            {
                test.Cache.Dispose();
            }

            Assert.True(test.Cache.WaitForCallbacks(Patience));
            Assert.Equal((1, 1, 1), (value.Disposals, asynchronous.Disposals, options.Disposals));
            if (way == "disposed")
            {
                return;
            }

            test.Cache.Clear();
            Assert.True(test.Cache.WaitForCallbacks(Patience));
            Assert.Equal((1, 1, 1), (value.Disposals, asynchronous.Disposals, options.Disposals));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_value_that_is_refused_is_its_writers(bool byOption)
    {
        using CacheUnderTest test = Make(byOption);
        using var large = new Value { Content = new byte[2_000_000] };
        using var expired = new Value();
        using var overtaken = new Value();
        Store(test, "large", large, byOption);
        Store(test, "expired", expired, byOption, test.Time.GetUtcNow());
        Value? made = await test.Cache.GetOrCreateAsync("overtaken", entry =>
        {
            entry.DisposeValueOnRemoval();
            test.Cache.Remove("overtaken");
            return Task.FromResult(overtaken);
        });
        Assert.Same(overtaken, made);
        test.Cache.Clear();
        test.Cache.Dispose();
        Assert.True(test.Cache.WaitForCallbacks(Patience));

        Assert.Equal((0, 0, 0), (large.Disposals, expired.Disposals, overtaken.Disposals));
    }

    [Theory]
    [InlineData(true, "too large")]
    [InlineData(false, "too large")]
    [InlineData(true, "expired")]
    [InlineData(false, "expired")]
    public void A_value_that_is_refused_where_it_was_stored_is_its_writers(bool byOption, string why)
    {
        // The disposal of the entry that it would have replaced comes before the refusal is noted, or after it.
        for (int round = 0; round < 200; round++)
        {
            using CacheUnderTest test = Make(byOption);
            using var value = new Value();
            Store(test, "key", value, byOption);
            Refuse(test, "key", value, byOption, why);
            Assert.False(test.Has("key"));
            Assert.True(test.Cache.WaitForCallbacks(Patience));
            Assert.Equal(0, value.Disposals);
            value.Content = null;
            Store(test, "key", value, byOption);
            test.Cache.Remove("key");
            Assert.True(test.Cache.WaitForCallbacks(Patience));
            Assert.Equal(1, value.Disposals);
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void A_refused_value_is_left_alone_whether_its_entry_goes_before_or_after(bool isBefore, bool stays)
    {
        using var log = new RecordingLog();
        var failures = new FailureLog("test", log.CreateLogger("test"), TimeProvider.System);
        var disposer = new ValueDisposer(disposesAll: true, static (_, _) => { }, failures);
        using var value = new Value();
        EntryDetails stored = Details(value);
        EntryDetails refused = Details(value);
        EntryDetails elsewhere = Details(value);
        Assert.True(disposer.Enter(stored));
        Assert.True(!stays || disposer.Enter(elsewhere));
        Assert.True(disposer.Enter(refused));
        if (isBefore)
        {
            disposer.OnLeft(new RemovedEntry("key", stored, EvictionReason.Replaced));
            disposer.OnRefused(refused);
        }
        else
        {
            disposer.OnRefused(refused);
            disposer.OnLeft(new RemovedEntry("key", stored, EvictionReason.Replaced));
        }

        if (stays)
        {
            disposer.OnLeft(new RemovedEntry("elsewhere", elsewhere, EvictionReason.Removed));
        }

        Assert.Equal(0, value.Disposals);
        EntryDetails again = Details(value);
        Assert.True(disposer.Enter(again));
        disposer.OnLeft(new RemovedEntry("key", again, EvictionReason.Removed));
        Assert.Equal(1, value.Disposals);

        EntryDetails Details(object held)
        {
            EntryDetails details = EntryDetails.Empty();
            details.Value = held;
            disposer.MarkHolder(details);
            return details;
        }
    }

    [Fact]
    public void Entries_that_learn_of_disposal_later_did_not_grow()
    {
        using CacheUnderTest test = Make(byOption: false);
        for (int i = 0; i < 100; i++)
        {
            test.Cache.Set(i, new MemoryStream());
        }

        Store(test, "first to be disposed", new MemoryStream(), byOption: false);
        long used = test.Cache.UsedMemory;
        Audit.AuditTests.Lap(test, 3);

        CacheSnapshot snapshot = test.Cache.GetSnapshot();
        Assert.Equal((0, 0, used), (snapshot.ChangedEntries, snapshot.GrownBytes, snapshot.UsedMemory));
        InvariantChecker.Check(test.Cache.Engine);
    }

    [Fact]
    public void A_callback_runs_before_and_may_store_the_value_again()
    {
        using CacheUnderTest test = Make(byOption: true);
        using var value = new Value();
        int seen = -1;
        using (ICacheEntry entry = test.Cache.CreateEntry("key"))
        {
            entry.DisposeValueOnRemoval();
            entry.Value = value;
            entry.RegisterPostEvictionCallback((_, evicted, _, _) =>
            {
                seen = ((Value)evicted!).Disposals;
                test.Cache.Set("again", evicted);
            });
        }

        test.Cache.Remove("key");
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal((0, 0), (seen, value.Disposals));
        test.Cache.Remove("again");
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        Assert.Equal(1, value.Disposals);
    }

    [Fact]
    public void It_runs_on_the_pool_without_the_lock_and_may_call_the_cache()
    {
        using CacheUnderTest test = Make(byOption: true);
        using var value = new Value();
        (bool OnPool, bool Locked) seen = default;
        value.OnDispose = () =>
        {
            seen = (Thread.CurrentThread.IsThreadPoolThread, test.Cache.Engine.Lock.IsHeldByCurrentThread);
            test.Cache.Set("by Dispose", 1);
        };
        test.Cache.Set("key", value);
        test.Cache.Remove("key");
        Assert.True(test.Cache.WaitForCallbacks(Patience));

        Assert.Equal((true, false), seen);
        Assert.Equal(1, test.Cache.Get("by Dispose"));
    }

    [Fact]
    public void Exceptions_are_logged_once_and_others_are_disposed()
    {
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(static options => options.DisposeValues = true, log);
        for (int i = 0; i < 3; i++)
        {
            test.Cache.Set($"fails {i}", new Value { OnDispose = static () => throw new FormatException("broken") });
        }

        test.Cache.Set("fails later", new AsyncOnly { Fails = true });
        using var last = new Value();
        test.Cache.Set("last", last);
        test.Cache.Clear();
        Assert.True(test.Cache.WaitForCallbacks(Patience));

        Assert.Equal(1, last.Disposals);
        Assert.True(SpinWait.SpinUntil(() => log.Count("DisposalFailed") == 2, Patience));
        Assert.Contains(log.Errors, static error => error is FormatException { Message: "broken" });
        Assert.Contains(log.Errors, static error => error is FormatException { Message: "later" });
    }

    [Fact]
    public async Task Tasks_lazies_and_what_collections_hold_are_not_disposed()
    {
        using CacheUnderTest test = Make(byOption: true);
        using var value = new Value();
        Task<Value> task = Task.FromResult(value);
        Task running = new TaskCompletionSource().Task;
        _ = test.Cache.Set("task", task);
        _ = test.Cache.Set("running", running);
        test.Cache.Set("lazy", new Lazy<Value>(value));
        test.Cache.Set("list", new List<Value> { value });
        test.Cache.Clear();
        Assert.True(test.Cache.WaitForCallbacks(Patience));

        Assert.Equal(0, value.Disposals);
        Assert.Same(value, await task);
        Assert.False(((IAsyncResult)task).AsyncWaitHandle.SafeWaitHandle.IsClosed);
    }

    [Fact]
    public void Other_values_cost_nothing_and_without_the_option_nothing_is_disposed()
    {
        using CacheUnderTest with = Make(byOption: true);
        using CacheUnderTest without = Make(byOption: false);
        using var value = new Value();
        with.Cache.Set("key", "text");
        without.Cache.Set("key", "text");
        Assert.Equal(without.Cache.UsedMemory, with.Cache.UsedMemory);
        without.Cache.Set("value", value);
        without.Cache.Clear();
        without.Cache.Dispose();

        Assert.Equal(0, value.Disposals);
    }

    [Fact]
    public void On_another_cache_it_is_a_callback()
    {
        using var other = new MemoryCache(new MemoryCacheOptions());
        using var value = new Value();
        var asynchronous = new AsyncOnly();
        var options = new MemoryCacheEntryOptions();
        Assert.Same(options, options.DisposeValueOnRemoval().DisposeValueOnRemoval());
        Assert.Single(options.PostEvictionCallbacks);
        other.Set("value", value, options);
        using (ICacheEntry entry = other.CreateEntry("asynchronous"))
        {
            Assert.Same(entry, entry.DisposeValueOnRemoval());
            entry.Value = asynchronous;
        }

        other.Set("text", "text", options);
        other.Clear();

        Assert.True(SpinWait.SpinUntil(() => value.Disposals == 1 && asynchronous.Disposals == 1, Patience));
        Assert.Throws<ArgumentNullException>(() => ((ICacheEntry)null!).DisposeValueOnRemoval());
        Assert.Throws<ArgumentNullException>(() => ((MemoryCacheEntryOptions)null!).DisposeValueOnRemoval());
    }

    [Fact]
    public void Under_a_storm_each_value_that_left_is_disposed_once_and_none_that_is_there()
    {
        using CacheUnderTest test = Make(byOption: true);
        Value[] values = [.. Enumerable.Range(0, 20_000).Select(static _ => new Value { Content = new byte[500] })];
        Parallel.For(0, 4, thread =>
        {
            var random = new Random(thread);
            for (int i = thread; i < values.Length; i += 4)
            {
                // Under two keys, most of the time. The keys are the thread's own: no other one replaces the value
                // between the two, which would dispose it before it is stored again.
                test.Cache.Set(OwnKey(), values[i]);
                test.Cache.Set(OwnKey(), values[i]);
                if (random.Next(4) == 0)
                {
                    test.Cache.Remove(OwnKey());
                }
            }

            int OwnKey() => (random.Next(125) * 4) + thread;
        });
        Assert.True(test.Cache.WaitForCallbacks(Patience));
        HashSet<object?> there = [.. test.Cache.Keys.Select(key => test.Cache.Get(key))];
        Assert.NotEmpty(there);
        Assert.All(there, static value => Assert.Equal(0, ((Value)value!).Disposals));

        Assert.All(values.Where(value => !there.Contains(value)), static value => Assert.Equal(1, value.Disposals));
        test.Cache.Dispose();
        Assert.All(values, static value => Assert.Equal(1, value.Disposals));
    }

    private static void Refuse(CacheUnderTest test, string key, Value value, bool byOption, string why)
    {
        if (why == "expired")
        {
            Store(test, key, value, byOption, test.Time.GetUtcNow());
            return;
        }

        value.Content = new byte[2_000_000];
        Store(test, key, value, byOption);
    }

    private static void Leave(CacheUnderTest test, string key, string way)
    {
        switch (way)
        {
            case "removed":
                test.Cache.Remove(key);
                break;
            case "replaced":
                test.Cache.Set(key, "other");
                break;
            case "replaced by one that is too large":
                test.Cache.Set(key, new byte[2_000_000]);
                break;
            case "replaced by one that is expired":
                test.Cache.Set(key, "other", test.Time.GetUtcNow());
                break;
            case "evicted":
                test.Cache.Set("other", new byte[999_800]);
                test.Cache.Remove("other");
                break;
            case "expired":
                test.Cache.TryGetValue(key, out object? value);
                if (value is not null)
                {
                    using (ICacheEntry entry = test.Cache.CreateEntry(key))
                    {
                        entry.DisposeValueOnRemoval().Value = value;
                        entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1);
                    }

                    test.Time.Advance(TimeSpan.FromMinutes(1));
                    Assert.False(test.Has(key));
                }

                break;
            case "compacted":
                test.Cache.Compact(1);
                break;
            case "cleared":
                test.Cache.Clear();
                break;
            case "matched":
                test.Cache.RemoveWhere(other => other.Equals(key));
                break;
            case "shrunk":
                test.Cache.MaxMemory = 1;
                test.Cache.MaxMemory = 1_000_000;
                break;
            case "grown":
                test.Cache.Remeasure(key, 2_000_000);
                break;
            default:
                break;
        }
    }
}
