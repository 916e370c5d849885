using BoundedCache.Engine;
using BoundedCache.Tests.Faults;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests;

/// <summary>
/// Settings of an entry that is stored already: what they are charged, and when several threads set them.
/// </summary>
public sealed class LateSettingsTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Settings => [.. s_settings.Keys];

    private static readonly Dictionary<string, Action<ICacheEntry>> s_settings = new()
    {
        ["absolute"] = static entry =>
            entry.AbsoluteExpiration = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero),
        ["relative"] = static entry => entry.AbsoluteExpirationRelativeToNow = s_minute,
        ["sliding"] = static entry => entry.SlidingExpiration = s_minute,
        ["priority"] = static entry => entry.Priority = CacheItemPriority.High,
        ["callback"] = static entry => entry.RegisterPostEvictionCallback(static (_, _, _, _) => { }),
        ["token"] = static entry => entry.AddExpirationToken(new Token()),
        ["polled token"] = static entry => entry.AddExpirationToken(new Token { Polled = true }),
        ["two tokens"] = static entry => entry.AddExpirationToken(new Token()).AddExpirationToken(new Token()),
        ["all"] = static entry =>
        {
            foreach ((string name, Action<ICacheEntry> set) in s_settings!)
            {
                if (name != "all")
                {
                    set(entry);
                }
            }
        },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void An_entry_is_charged_the_same_whenever_it_was_told(string setting)
    {
        using var test = new CacheUnderTest();
        object value = new();
        using (ICacheEntry early = test.Cache.CreateEntry("key"))
        {
            early.Value = value;
            s_settings[setting](early);
        }

        long expected = test.Cache.UsedMemory;
        ICacheEntry entry = Store(test, "key", value);
        s_settings[setting](entry);

        Assert.Equal(expected, test.Cache.UsedMemory);
        InvariantChecker.Check(test.Cache.Engine);
        Assert.True(test.Has("key"));
        test.Cache.Remove("key");
        Assert.Equal(0, test.Cache.UsedMemory);
    }

    [Fact]
    public void What_is_taken_back_is_credited()
    {
        using var test = new CacheUnderTest();
        ICacheEntry entry = Store(test, "key", "value");
        entry.SlidingExpiration = s_minute;
        long least = test.Cache.UsedMemory;
        s_settings["two tokens"](entry);
        s_settings["callback"](entry);
        entry.ExpirationTokens.RemoveAt(0);
        entry.ExpirationTokens.RemoveAt(0);
        entry.PostEvictionCallbacks.Clear();

        Assert.Equal(least, test.Cache.UsedMemory);
        entry.SlidingExpiration = null;
        Assert.Equal(least - CacheEngine.DeadlineBytesPerEntry, test.Cache.UsedMemory);
    }

    [Fact]
    public void An_entry_that_needs_no_details_gets_none()
    {
        using var test = new CacheUnderTest();
        ICacheEntry entry = Store(test, "key", "value");
        long used = test.Cache.UsedMemory;
        entry.Priority = CacheItemPriority.High;
        entry.SlidingExpiration = null;
        entry.AbsoluteExpiration = null;
        entry.PostEvictionCallbacks.Clear();
        entry.ExpirationTokens.Clear();
        entry.Size = 1000;

        Assert.Equal(used, test.Cache.UsedMemory);
        Assert.Null(Peek(test, "key").Details);
        entry.AbsoluteExpirationRelativeToNow = s_minute;
        Assert.Equal(used + CacheEngine.DeadlineBytesPerEntry, test.Cache.UsedMemory);
        Assert.Null(Peek(test, "key").Details);
    }

    [Fact]
    public void Others_are_evicted_for_what_an_entry_is_charged_more_and_not_the_entry_itself()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 100_000);
        ICacheEntry oldest = Store(test, "oldest", new byte[100]);
        for (int i = 0; test.Cache.GetSnapshot().Evictions.All.Entries == 0 && i < 1000; i++)
        {
            test.Has("oldest");
            test.Cache.Set($"other {i}", new byte[100]);
        }

        int count = test.Cache.Count;
        for (int i = 0; i < 10; i++)
        {
            s_settings["two tokens"](oldest);
        }

        Assert.True(test.Has("oldest"));
        Assert.InRange(test.Cache.Count, 1, count - 1);
        Assert.InRange(test.Cache.UsedMemory, 0, 100_000);
    }

    [Fact]
    public void An_entry_that_becomes_larger_than_the_limit_is_evicted_and_its_new_callback_told()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 1200);
        ICacheEntry entry = Store(test, "key", new byte[1000]);
        EvictionReason? reason = null;
        using var told = new ManualResetEventSlim();
        entry.RegisterPostEvictionCallback((_, _, why, _) =>
        {
            reason = why;
            told.Set();
        });

        Assert.True(told.Wait(s_patience));
        Assert.Equal((EvictionReason.Capacity, 0), (reason, test.Cache.Count));
    }

    [Fact]
    public void A_token_that_cannot_be_subscribed_to_changes_nothing_and_its_exception_reaches_the_setter()
    {
        using var test = new CacheUnderTest();
        ICacheEntry entry = Store(test, "key", "value");
        long used = test.Cache.UsedMemory;
        var failing = new Token { OnRegister = static () => throw new InvalidTimeZoneException() };
        var unaskable = new Token { OnAsk = static () => throw new InvalidTimeZoneException() };
        Assert.Throws<InvalidTimeZoneException>(() => entry.AddExpirationToken(failing));
        Assert.Throws<InvalidTimeZoneException>(() => entry.ExpirationTokens.Insert(0, unaskable));

        Assert.Empty(entry.ExpirationTokens);
        Assert.Equal((used, 0), (test.Cache.UsedMemory, failing.Subscribed));
        Assert.True(test.Has("key"));
        Assert.Throws<ArgumentOutOfRangeException>(() => entry.ExpirationTokens.Insert(1, failing));
        Assert.Throws<ArgumentOutOfRangeException>(() => entry.ExpirationTokens.RemoveAt(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => entry.ExpirationTokens[0] = failing);
        Assert.Throws<ArgumentOutOfRangeException>(() => entry.ExpirationTokens[0]);
    }

    [Fact]
    public void A_token_runs_under_no_lock_when_it_is_added_or_taken_back()
    {
        using var test = new CacheUnderTest();
        ICacheEntry entry = Store(test, "key", "value");
        int others = 0;
        void UseElsewhere() => Assert.True(Task.Run(() =>
        {
            entry.Priority = CacheItemPriority.High;
            entry.PostEvictionCallbacks.Add(new PostEvictionCallbackRegistration());
            test.Cache.Set($"other {others++}", 1);
            return test.Has("key");
        }).Wait(s_patience));
        var token = new Token { OnAsk = UseElsewhere, OnRegister = UseElsewhere, OnDispose = UseElsewhere };
        entry.ExpirationTokens.Add(token);
        token.OnAsk = null;
        Assert.Equal((2, 1), (others, token.Subscribed));
        entry.ExpirationTokens.Remove(token);

        Assert.Equal((3, 0), (others, token.Subscribed));
    }

    [Fact]
    public void A_token_that_fires_while_it_is_added_ends_the_entry_once()
    {
        using var test = new CacheUnderTest();
        var token = new Token();
        token.OnRegister = token.Fire;
        test.Set("key", 1, entry => s_late = entry);
        s_late!.AddExpirationToken(token);

        Assert.Equal([("key", 1, EvictionReason.TokenExpired)], test.TakeDepartures(awaited: 1));
        Assert.Equal((0, 0), (test.Cache.Count, token.Subscribed));
    }

    [ThreadStatic]
    private static ICacheEntry? s_late;

    /// <summary>Keys with an Equals of their own take another way through the engine.</summary>
    [Theory]
    [InlineData("key")]
    [InlineData(5)]
    public void Entries_are_found_by_any_key(object key)
    {
        using var test = new CacheUnderTest();
        ICacheEntry entry = Store(test, key, "value");
        for (int i = 0; i < 5000; i++)
        {
            // The table grows and shrinks, so the entry moves.
            test.Cache.Set(("other", i), i);
        }

        for (int i = 0; i < 5000; i++)
        {
            test.Cache.Remove(("other", i));
        }

        entry.AbsoluteExpirationRelativeToNow = s_minute;
        entry.RegisterPostEvictionCallback(static (_, _, _, _) => { });
        test.Time.Advance(s_minute);
        Assert.False(test.Has(key));
    }

    [Fact]
    public void An_equal_key_with_another_value_is_another_entry()
    {
        using var test = new CacheUnderTest();
        ICacheEntry entry = Store(test, "key", new object());
        test.Cache.Set("key", new object());
        entry.AbsoluteExpiration = test.Time.GetUtcNow();
        Assert.True(test.Has("key"));

        // Not even with equal values, and the same key.
        object five = 5;
        ICacheEntry boxed = Store(test, "key", five);
        test.Cache.Set("key", 5);
        boxed.AbsoluteExpiration = test.Time.GetUtcNow();
        Assert.True(test.Has("key"));
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void A_replaced_entry_takes_nothing_from_the_one_with_the_same_key_and_value(string setting)
    {
        using var test = new CacheUnderTest();
        foreach (Action<ICacheEntry> own in (Action<ICacheEntry>[])
            [
                static entry => entry.AbsoluteExpirationRelativeToNow = 2 * s_minute,
                static entry => entry.Priority = CacheItemPriority.NeverRemove,
                static entry => entry.SlidingExpiration = 2 * s_minute,
            ])
        {
            ICacheEntry old = Store(test, "key", "value");
            using (ICacheEntry entry = test.Cache.CreateEntry("key"))
            {
                entry.Value = "value";
                own(entry);
            }

            StoredEntry before = Peek(test, "key");
            CacheItemPriority priority = PriorityOf(test, before);
            s_settings[setting](old);
            StoredEntry after = Peek(test, "key");
            Assert.Equal(before.SlotRef.Deadline, after.SlotRef.Deadline);
            Assert.Equal(priority, PriorityOf(test, after));
            Assert.Same(before.Details, after.Details);
            InvariantChecker.Check(test.Cache.Engine);
        }

        test.Cache.Set("key", "value", s_minute);
        test.Time.Advance(s_minute);
        Assert.False(test.Has("key"));
    }

    [Fact]
    public void What_a_builder_set_before_does_not_hide_its_entry_from_it()
    {
        using var test = new CacheUnderTest();
        ICacheEntry entry = Store(test, "key", "value");
        entry.AbsoluteExpirationRelativeToNow = 3 * s_minute;
        entry.Priority = CacheItemPriority.High;
        test.Cache.Remeasure("key");
        entry.AbsoluteExpirationRelativeToNow = 2 * s_minute;
        entry.Priority = (CacheItemPriority)17;
        Assert.Equal(CacheItemPriority.Normal, PriorityOf(test, Peek(test, "key")));
        entry.AbsoluteExpiration = test.Time.GetUtcNow() + s_minute;
        test.Time.Advance(s_minute);

        Assert.False(test.Has("key"));
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void An_entry_that_the_disposal_of_values_watches_takes_settings(string setting)
    {
        using var test = new CacheUnderTest();
        using var marked = new MemoryStream();
        using var value = new MemoryStream();
        ICacheEntry first = Store(test, "first", marked);
        ICacheEntry entry = Store(test, "key", value);
        first.DisposeValueOnRemoval();
        Assert.NotNull(Peek(test, "key").Details);
        bool called = false;
        s_settings[setting](entry);
        entry.AbsoluteExpirationRelativeToNow = s_minute;
        entry.Priority = CacheItemPriority.High;
        entry.RegisterPostEvictionCallback((_, _, _, _) => called = true);
        using var source = new CancellationTokenSource();
        entry.AddExpirationToken(new CancellationChangeToken(source.Token));
        Assert.Equal(CacheItemPriority.High, PriorityOf(test, Peek(test, "key")));
        InvariantChecker.Check(test.Cache.Engine);
        Assert.True(test.Has("key"));
        if (setting == "token")
        {
            source.Cancel();
        }

        test.Time.Advance(s_minute);
        Assert.False(test.Has("key"));
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref called), s_patience), "the callback did not run");
        Assert.True(test.Cache.WaitForCallbacks(s_patience));
        Assert.True(value.CanRead, "the value was disposed");
        InvariantChecker.Check(test.Cache.Engine);
    }

    [Fact]
    public void Settings_race_with_the_disposal_of_values_that_begins_to_watch()
    {
        for (int round = 0; round < 300; round++)
        {
            using var test = new CacheUnderTest();
            using var marked = new MemoryStream();
            using var value = new MemoryStream();
            using var source = new CancellationTokenSource();
            int called = 0;
            ICacheEntry first = Store(test, "first", marked);
            ICacheEntry entry = Store(test, "key", value);
            Parallel.Invoke(
                () => first.DisposeValueOnRemoval(),
                () => entry.AddExpirationToken(new CancellationChangeToken(source.Token)),
                () => entry.RegisterPostEvictionCallback((_, _, _, _) => Interlocked.Increment(ref called)),
                () => entry.DisposeValueOnRemoval());
            source.Cancel();

            // The token's thread removes the entry, and may not have reached the callbacks when it is gone.
            Assert.True(SpinWait.SpinUntil(
                () => !test.Has("key") && Volatile.Read(ref called) == 1 && !value.CanRead, s_patience));
            Assert.True(test.Cache.WaitForCallbacks(s_patience));
            Assert.Equal(1, called);
            InvariantChecker.Check(test.Cache.Engine);
        }
    }

    [Fact]
    public void The_details_of_an_entry_that_left_are_not_used_again_for_the_same_key_and_value()
    {
        using var test = new CacheUnderTest();
        test.Set("key", "value", static entry => s_late = entry);
        ICacheEntry entry = s_late!;
        test.Cache.Remove("key");
        Assert.Single(test.TakeDepartures());
        test.Cache.Set("key", "value");
        entry.SlidingExpiration = s_minute;
        entry.AbsoluteExpiration = test.Time.GetUtcNow();

        Assert.True(test.Has("key"));
        test.Cache.Remove("key");
        Assert.Empty(test.TakeDepartures());
    }

    [Fact]
    public void Callbacks_that_are_added_by_many_threads_all_run_once()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 100_000_000);
        for (int round = 0; round < 50; round++)
        {
            ICacheEntry entry = Store(test, round, new object());
            int ran = 0;
            Parallel.For(0, 40, i =>
            {
                entry.RegisterPostEvictionCallback((_, _, _, _) => Interlocked.Increment(ref ran));
                s_settings[i % 2 == 0 ? "sliding" : "priority"](entry);
            });
            Assert.Equal(40, entry.PostEvictionCallbacks.Count);
            test.Cache.Remove(round);
            Assert.True(test.Cache.WaitForCallbacks(s_patience));
            Assert.Equal(40, ran);
        }
    }

    /// <summary>
    /// Setters of one entry race with each other and with what ends the entry. Every callback that was registered while
    /// the entry was there runs once, no token stays subscribed, and the account holds.
    /// </summary>
    [Theory]
    [InlineData("remove")]
    [InlineData("replace")]
    [InlineData("expire")]
    [InlineData("clear")]
    [InlineData("dispose")]
    public async Task Setters_race_with_the_end_of_the_entry(string end)
    {
        for (int round = 0; round < 200; round++)
        {
            using var test = new CacheUnderTest();
            object key = round % 2 == 0 ? "key" : (object)round;
            int first = 0;
            ICacheEntry entry = test.Cache.CreateEntry(key);
            entry.Value = new object();
            if (round % 4 < 2)
            {
                entry.RegisterPostEvictionCallback((_, _, _, _) => Interlocked.Increment(ref first));
            }

            entry.Dispose();
            int[] ran = new int[8];
            Token[] tokens = [.. Enumerable.Range(0, 8).Select(static _ => new Token())];
            using var start = new Barrier(3);
            Task[] all =
            [
                .. Enumerable.Range(0, 2).Select(thread => Task.Run(() =>
                {
                    start.SignalAndWait();
                    for (int i = thread; i < 8; i += 2)
                    {
                        int mine = i;
                        entry.RegisterPostEvictionCallback((_, _, _, _) => Interlocked.Increment(ref ran[mine]));
                        entry.AddExpirationToken(tokens[i]);
                        entry.SlidingExpiration = i % 3 == 0 ? null : s_minute;
                        entry.Priority = (CacheItemPriority)(i % 4);
                        if (i % 4 == 3)
                        {
                            entry.ExpirationTokens.Remove(tokens[i]);
                        }
                    }
                })),
                Task.Run(() =>
                {
                    start.SignalAndWait();
                    switch (end)
                    {
                        case "remove":
                            test.Cache.Remove(key);
                            break;
                        case "replace":
                            test.Cache.Set(key, new object());
                            break;
                        case "expire":
                            entry.AbsoluteExpiration = test.Time.GetUtcNow();
                            break;
                        case "clear":
                            test.Cache.Clear();
                            break;
                        default:
                            test.Cache.Dispose();
                            break;
                    }
                }),
            ];
            await Task.WhenAll(all).WaitAsync(s_patience);
            InvariantChecker.Check(test.Cache.Engine);
            Assert.True(test.Cache.WaitForCallbacks(s_patience));
            Assert.All(tokens, static token => Assert.Equal(0, token.Subscribed));
            Assert.All(ran, static times => Assert.InRange(times, 0, 1));
            Assert.Equal(end != "dispose" && round % 4 < 2 ? 1 : 0, first);
            Assert.Equal(8, entry.PostEvictionCallbacks.Count - (round % 4 < 2 ? 1 : 0));
        }
    }

    [Fact]
    public void The_last_of_several_setters_is_what_the_entry_and_its_builder_have()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 100_000_000);
        for (int round = 0; round < 300; round++)
        {
            ICacheEntry entry = Store(test, round, new object());
            DateTimeOffset start = test.Time.GetUtcNow();
            Parallel.For(1, 5, i => entry.AbsoluteExpiration = start + (i * s_minute));
            Assert.Equal(entry.AbsoluteExpiration!.Value.UtcTicks, Peek(test, round).SlotRef.Deadline);
        }
    }

    private static ICacheEntry Store(CacheUnderTest test, object key, object value)
    {
        ICacheEntry entry = test.Cache.CreateEntry(key);
        entry.Value = value;
        entry.Dispose();
        return entry;
    }

    private static CacheItemPriority PriorityOf(CacheUnderTest test, StoredEntry entry) =>
        test.Cache.Engine.Store.Node(entry.SlotRef.Index).Priority;

    private static StoredEntry Peek(CacheUnderTest test, object key)
    {
        Assert.True(
            key is string text
                ? test.Cache.Engine.TryPeek(new StringLookup(text), out StoredEntry entry)
                : test.Cache.Engine.TryPeek(new ObjectLookup(key), out entry));
        return entry;
    }
}
