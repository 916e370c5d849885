using BoundedCache.Engine;
using BoundedCache.Sizing;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Audit.ChangingValue;

namespace BoundedCache.Tests.Audit;

/// <summary>
/// Values that change after they were stored are found by laps over the table, which tests run by hand.
/// </summary>
public sealed class AuditTests
{
    [Theory]
    [MemberData(nameof(Kinds), MemberType = typeof(ChangingValue))]
    public void A_value_that_grew_is_charged_what_it_keeps_alive_now(string kind)
    {
        using var test = new CacheUnderTest();
        ChangingValue value = Make(kind);
        test.Cache.Set("key", value.Value);
        value.Grow();
        Lap(test, 2);

        Assert.InRange(test.Cache.UsedMemory, 49_000, 150_000);
        Assert.Equal(Fresh(test), test.Cache.UsedMemory);
    }

    [Theory]
    [MemberData(nameof(Kinds), MemberType = typeof(ChangingValue))]
    public void A_value_that_shrank_is_credited(string kind)
    {
        using var test = new CacheUnderTest();
        ChangingValue value = Make(kind);
        value.Grow();
        test.Cache.Set("key", value.Value);
        long before = test.Cache.UsedMemory;
        value.Shrink?.Invoke();
        Lap(test);

        Assert.Equal(Fresh(test), test.Cache.UsedMemory);
        Assert.True(value.Shrink is null || test.Cache.UsedMemory <= before, "it is charged more than before");
    }

    [Theory]
    [MemberData(nameof(Kinds), MemberType = typeof(ChangingValue))]
    public void A_thousand_values_that_grow_stay_within_the_limit(string kind)
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 16 << 20);
        ChangingValue[] values = [.. Enumerable.Range(0, 1000).Select(_ => Make(kind))];
        for (int i = 0; i < values.Length; i++)
        {
            test.Cache.Set(i, values[i].Value);
            values[i].Grow();
        }

        Lap(test, 2);

        Assert.InRange(test.Cache.Count, 100, 350);
        Assert.InRange(Fresh(test), 8 << 20, 16 << 20);
        Assert.Equal(Fresh(test), test.Cache.UsedMemory);
    }

    /// <summary>
    /// As libraries do that keep an entry object of their own in the cache and write new values into it.
    /// </summary>
    [Fact]
    public void Entry_objects_of_a_library_that_get_new_values_are_found()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 8 << 20);
        var entries = new LibraryEntry[200];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = new LibraryEntry { Value = "small", ExpiresAt = i };
            test.Cache.Set("key" + i, entries[i], TimeSpan.FromMinutes(5));
        }

        foreach (LibraryEntry entry in entries)
        {
            entry.Value = new byte[200_000];
        }

        Lap(test, 2);

        Assert.Equal((8 << 20) / 200_300, test.Cache.Count);
        Assert.Equal(Fresh(test), test.Cache.UsedMemory);
    }

    [Fact]
    public void The_oldest_entries_go_for_one_that_grew_and_a_measurement_is_no_use()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 30_000);
        var holder = new Holder();
        test.Cache.Set("grows", holder);
        foreach (string key in (string[])["a", "b", "c"])
        {
            test.Set(key, new byte[5000]);
        }

        holder.Content = new byte[20_000];
        Lap(test, 2);

        Assert.Equal(["c", "grows"], test.Cache.Engine.KeysInOrder(CacheItemPriority.Normal));
        Assert.Equal(
            [("a", EvictionReason.Capacity), ("b", EvictionReason.Capacity)],
            test.TakeDepartures().Select(static gone => ((string)gone.Key, gone.Reason)));
    }

    [Fact]
    public void A_value_that_grew_beyond_the_limit_is_removed()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 30_000);
        var holder = new Holder();
        test.Set("key", holder);
        holder.Content = new byte[40_000];
        Lap(test, 2);

        Assert.Equal([("key", holder, EvictionReason.Capacity)], test.TakeDepartures());
    }

    [Fact]
    public void Growth_beyond_twofold_must_be_found_twice()
    {
        using var test = new CacheUnderTest();
        var holder = new Holder();
        test.Cache.Set("key", holder);
        long before = test.Cache.UsedMemory;

        holder.Content = new byte[1000];
        Lap(test);
        Assert.Equal(before, test.Cache.UsedMemory);

        // A buffer that was only there for a moment.
        holder.Content = null;
        Lap(test, 2);
        Assert.Equal(before, test.Cache.UsedMemory);

        holder.Content = new byte[2000];
        Lap(test);
        Assert.Equal(before, test.Cache.UsedMemory);
        Lap(test);
        Assert.Equal(before + ObjectSize.OfByteArray(2000), test.Cache.UsedMemory);
    }

    [Fact]
    public void Of_two_sizes_beyond_twofold_the_smaller_one_counts()
    {
        using var test = new CacheUnderTest();
        var holder = new Holder();
        test.Cache.Set("key", holder);
        long before = test.Cache.UsedMemory;
        holder.Content = new byte[1000];
        Lap(test);
        holder.Content = new byte[200_000];
        Lap(test);

        Assert.Equal(before + ObjectSize.OfByteArray(1000), test.Cache.UsedMemory);
        Lap(test, 2);
        Assert.Equal(before + ObjectSize.OfByteArray(200_000), test.Cache.UsedMemory);
    }

    [Fact]
    public void Growth_up_to_twofold_is_charged_at_once()
    {
        using var test = new CacheUnderTest();
        var holder = new Holder { Content = new byte[1000] };
        test.Cache.Set("key", holder);
        long before = test.Cache.UsedMemory;
        holder.Content = new byte[1800];
        Lap(test);

        Assert.Equal(before + 800, test.Cache.UsedMemory);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(500)]
    [InlineData(65_535)]
    [InlineData(65_537)]
    [InlineData(99_999)]
    [InlineData(1_000_003)]
    public void Nothing_is_charged_below_its_declared_size(long declared)
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 1L << 30);
        var holder = new Holder();
        test.Cache.SetWithSize("key", holder, declared);
        long before = test.Cache.UsedMemory;
        Lap(test, 2);
        Assert.Equal(before, test.Cache.UsedMemory);

        holder.Content = new byte[2_000_000];
        Lap(test, 2);
        Assert.InRange(test.Cache.UsedMemory, 2_000_000, 2_000_300);

        holder.Content = null;
        Lap(test, 2);
        Assert.Equal(before, test.Cache.UsedMemory);
    }

    [Fact]
    public void Entries_with_a_sizer_of_the_users_are_left_alone()
    {
        int calls = 0;
        using var test = new CacheUnderTest(options =>
        {
            options.AddSizer<Holder>(_ => 100 + (0 * ++calls));
        });
        var holder = new Holder();
        test.Cache.Set("key", holder);
        (int callsBefore, long before) = (calls, test.Cache.UsedMemory);
        holder.Content = new byte[10_000];
        Lap(test, 2);

        Assert.Equal((callsBefore, before), (calls, test.Cache.UsedMemory));
        Assert.Equal(0, test.Cache.GetSnapshot().AuditedEntries);
    }

    [Fact]
    public void Keys_with_a_sizer_keep_what_it_said_and_their_values_are_measured()
    {
        int calls = 0;
        using var test = new CacheUnderTest(options => options.AddSizer<string>(_ => 5000 + (0 * ++calls)));
        var holder = new Holder();
        var lazy = new Lazy<byte[]>(static () => new byte[20_000]);
        test.Cache.Set("holder", holder);
        test.Cache.Set("lazy", lazy);
        test.Cache.Set("service", new Service());
        Assert.Equal(1, test.Cache.GetSnapshot().UnfinishedEntries);
        (int callsBefore, long before) = (calls, test.Cache.UsedMemory);
        holder.Content = new byte[10_000];
        Assert.NotNull(lazy.Value);
        Lap(test, 2);

        long kept = ObjectSize.OfByteArray(10_000) + ObjectSize.OfByteArray(20_000);
        Assert.InRange(test.Cache.UsedMemory - before, kept - 200, kept + 200);
        Assert.Equal(0, test.Cache.GetSnapshot().UnfinishedEntries);
        Assert.Equal(1, test.Cache.Audit!.FindUnfollowed(TimeSpan.FromSeconds(30)).Entries);
        Assert.Equal(callsBefore, calls);
    }

    [Fact]
    public void A_cache_of_declared_sizes_is_left_alone()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(10);
        var list = new List<byte[]>();
        test.Set("key", list);
        list.Add(new byte[10_000]);

        Assert.Null(test.Cache.Audit);
        Assert.Equal(1, test.Cache.UsedMemory);
        Assert.Equal(0, test.Cache.Engine.ChangingCount);
    }

    [Fact]
    public void Values_that_cannot_change_are_not_even_looked_at()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set("text", "text");
        test.Cache.Set("bytes", new byte[10]);
        test.Cache.Set("number", 5);
        test.Cache.Set("version", new Version(1, 2));
        test.Cache.Set("pair", Tuple.Create("a", 1));
        test.Cache.Set<object?>("null", null);
        Lap(test, 2);

        Assert.Equal(0, test.Cache.GetSnapshot().AuditedEntries);
        Assert.Equal(0, test.Cache.Engine.ChangingCount);
    }

    [Fact]
    public void Changes_may_be_only_reported()
    {
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(static options => options.AuditOnlyReports = true, log);
        var holder = new Holder();
        var shrinking = new List<byte[]> { new byte[5000] };
        test.Cache.Set("key", holder);
        test.Cache.Set("shrinking", shrinking);
        long before = test.Cache.UsedMemory;
        holder.Content = new byte[10_000];
        shrinking.Clear();
        Lap(test, 2);

        CacheSnapshot snapshot = test.Cache.GetSnapshot();
        Assert.Equal(before, snapshot.UsedMemory);
        Assert.Equal((0, 0), (snapshot.ChangedEntries, snapshot.GrownBytes));
        Assert.Equal(ObjectSize.OfByteArray(10_000), snapshot.UnchargedBytes);
        Assert.Equal(2, log.Events.Count(static name => name == "ValuesGrewUncharged"));

        holder.Content = null;
        Lap(test, 2);
        Assert.Equal(0, test.Cache.GetSnapshot().UnchargedBytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void Objects_that_grew_and_that_many_entries_share_evict_nothing_and_are_told(int graphs)
    {
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(static options => options.MaxMemory = 10 << 20, log);
        List<byte[]>[] shared = [.. Enumerable.Range(0, graphs).Select(static _ => new List<byte[]>())];
        for (int i = 0; i < 1000; i++)
        {
            test.Cache.Set(i, new Holder { Content = shared[i % graphs] });
        }

        long before = test.Cache.UsedMemory;
        foreach (List<byte[]> list in shared)
        {
            list.Add(new byte[1 << 20]);
        }

        Lap(test, 4);

        Assert.Equal((1000, before), (test.Cache.Count, test.Cache.UsedMemory));
        Assert.Single(log.Events, static name => name == "SharedValuesGrew");
        Assert.InRange(test.Cache.GetSnapshot().UnchargedBytes, 1_000_000, 30 << 20);
    }

    [Fact]
    public void Growth_little_by_little_that_many_entries_share_evicts_nothing()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 4 << 20);
        var shared = new List<byte[]> { new byte[1000] };
        for (int i = 0; i < 1000; i++)
        {
            test.Cache.Set(i, new Holder { Content = shared });
        }

        for (int i = 0; i < 50; i++)
        {
            shared.Add(new byte[500]);
            Lap(test);
        }

        Assert.Equal(1000, test.Cache.Count);
    }

    [Fact]
    public void Values_that_share_a_little_and_grow_each_for_itself_are_charged()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 100 << 20);
        byte[] shared = new byte[1000];
        Holder[] holders = [.. Enumerable.Range(0, 100).Select(_ => new Holder { Content = shared })];
        for (int i = 0; i < holders.Length; i++)
        {
            test.Cache.Set(i, holders[i]);
        }

        foreach (Holder holder in holders)
        {
            holder.Content = new object[] { shared, new byte[10_000] };
        }

        Lap(test, 2);

        Assert.Equal(Fresh(test), test.Cache.UsedMemory);
    }

    [Theory]
    [InlineData(2_000)]
    [InlineData(24_000)]
    [InlineData(26_000)]
    [InlineData(60_000)]
    [InlineData(500_000)]
    public void Values_that_share_what_did_not_grow_are_charged_for_what_each_keeps_alive(int sharedBytes)
    {
        const long Limit = 16 << 20;
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(static options => options.MaxMemory = Limit, log);
        byte[] schema = new byte[sharedBytes];
        Session[] sessions = [.. Enumerable.Range(0, 1000).Select(_ => new Session { Schema = schema })];
        for (int i = 0; i < sessions.Length; i++)
        {
            test.Cache.Set(i, sessions[i]);
        }

        for (int growth = 0; growth < 4; growth++)
        {
            foreach (Session session in sessions)
            {
                session.Items.Add(new byte[50_000]);
            }

            Lap(test, 3);
            long alive = test.Cache.Keys.Sum(
                key => ((Session)test.Cache.Get(key)!).Items.Sum(static item => (long)item.Length));
            Assert.InRange(alive + sharedBytes, Limit / 16, Limit + (2 * sharedBytes));
        }

        Assert.DoesNotContain("SharedValuesGrew", log.Events);
    }

    [Fact]
    public void Values_that_grow_by_themselves_are_not_hidden_by_others_that_share_what_grew()
    {
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(static options => options.MaxMemory = 100 << 20, log);
        var shared = new List<byte[]>();
        Holder[] alone = [.. Enumerable.Range(0, 100).Select(static _ => new Holder())];
        for (int i = 0; i < 1000; i++)
        {
            test.Cache.Set(i, i % 10 == 0 ? alone[i / 10] : new Holder { Content = shared });
        }

        long before = test.Cache.UsedMemory;
        shared.Add(new byte[1 << 20]);
        foreach (Holder holder in alone)
        {
            holder.Content = new byte[50_000];
        }

        Lap(test, 3);

        Assert.Equal(before + (100 * ObjectSize.OfByteArray(50_000)), test.Cache.UsedMemory);
        Assert.Single(log.Events, static name => name == "SharedValuesGrew");
        Assert.InRange(test.Cache.GetSnapshot().UnchargedBytes, 1_000_000, 2 << 20);
    }

    [Fact]
    public void Values_with_bytes_of_their_own_that_share_what_grew_evict_nothing()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 12 << 20);
        var shared = new List<byte[]>();
        for (int i = 0; i < 1000; i++)
        {
            test.Cache.Set(i, new Session { Schema = new byte[10_000], Registry = shared });
        }

        long before = test.Cache.UsedMemory;
        for (int i = 0; i < 20; i++)
        {
            shared.Add(new byte[5000]);
            Lap(test, 2);
        }

        Assert.Equal((1000, before), (test.Cache.Count, test.Cache.UsedMemory));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_value_under_two_keys_that_grows_is_charged(bool isSameInstance)
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 16 << 20);
        List<byte[]>[] values = [.. Enumerable.Range(0, 500).Select(static _ => new List<byte[]>())];
        for (int i = 0; i < values.Length; i++)
        {
            test.Cache.Set<object>(i, isSameInstance ? values[i] : new Holder { Content = values[i] });
            test.Cache.Set<object>(-1 - i, isSameInstance ? values[i] : new Holder { Content = values[i] });
        }

        foreach (List<byte[]> value in values)
        {
            value.Add(new byte[50_000]);
        }

        Lap(test, 3);

        Assert.InRange(test.Cache.Count, 100, 2 * (16 << 20) / 50_000);
    }

    [Fact]
    public void A_large_collection_that_many_entries_share_and_that_grew_evicts_nothing()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 100 << 20);
        List<string> shared = [.. Enumerable.Range(0, 30_000).Select(static i => $"text {i}")];
        for (int i = 0; i < 20; i++)
        {
            test.Cache.Set(i, new Holder { Content = shared });
        }

        long before = test.Cache.UsedMemory;
        shared.AddRange(Enumerable.Range(0, 20_000).Select(static i => $"more {i}"));
        Lap(test, 3);

        Assert.Equal((20, before), (test.Cache.Count, test.Cache.UsedMemory));
    }

    [Fact]
    public void A_derived_object_inside_a_value_that_looks_fixed_is_found_when_it_grows()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 100 << 20);
        var big = new BigShape("b");
        test.Cache.Set("key", new Shape("a", big));
        big.Items.Add(new byte[5_000_000]);
        Lap(test, 2);

        Assert.InRange(test.Cache.UsedMemory, 5_000_000, 5_010_000);
    }

    [Fact]
    public void One_line_a_type_comes_before_the_first_eviction()
    {
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(static options => options.MaxMemory = 100_000, log);
        int linesAtEviction = -1;
        using (ICacheEntry entry = test.Cache.CreateEntry("old"))
        {
            entry.Value = "old";
            entry.RegisterPostEvictionCallback((_, _, _, _) => linesAtEviction = log.Events.Count());
        }

        Holder[] holders = [.. Enumerable.Range(0, 20).Select(static _ => new Holder())];
        for (int i = 0; i < holders.Length; i++)
        {
            test.Cache.Set(i, holders[i]);
            holders[i].Content = new byte[10_000];
        }

        Lap(test, 3);
        test.TakeDepartures();

        Assert.Equal(["ValuesGrew"], log.Events);
        Assert.Equal(1, linesAtEviction);
        Assert.Contains(typeof(Holder).ToString(), Assert.Single(log.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public void A_snapshot_tells_what_was_found()
    {
        using var test = new CacheUnderTest();
        var holder = new Holder();
        test.Cache.Set("key", holder);
        test.Cache.Set("other", new Holder());
        holder.Content = new byte[1000];
        Lap(test, 2);

        CacheSnapshot snapshot = test.Cache.GetSnapshot();
        Assert.Equal(0, snapshot.UnfinishedEntries);
        Assert.InRange(snapshot.AuditedEntries, 4, 6);
        Assert.Equal((1, ObjectSize.OfByteArray(1000)), (snapshot.ChangedEntries, snapshot.GrownBytes));
        Assert.Equal(0, snapshot.UnchargedBytes);
    }

    [Fact]
    public void Types_that_were_seen_to_change_are_measured_first()
    {
        using var test = new CacheUnderTest();
        var old = new OnlyHere();
        test.Cache.Set("old", old);
        Assert.Equal(0, test.Cache.Engine.HotCount);
        old.Content = new byte[20];
        Lap(test);
        Assert.Equal(1, test.Cache.Engine.HotCount);

        test.Cache.Set("new", new OnlyHere());
        Assert.Equal(2, test.Cache.Engine.HotCount);
        test.Cache.Clear();
        Assert.Equal((0, 0), (test.Cache.Engine.HotCount, test.Cache.Engine.ChangingCount));
    }

    [Fact]
    public void A_lap_rests_while_nothing_uses_the_cache()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set("key", new Holder());
        Assert.True(test.Cache.Audit!.IsLapDue, "the first lap is not due");
        for (int i = 0; i < 4; i++)
        {
            Lap(test);
        }

        Assert.False(test.Cache.Audit.IsLapDue, "a lap is due though nothing happened");
        test.Cache.Get("key");
        Assert.True(Eventually.True(() => test.Cache.Audit.IsLapDue), "no lap is due after a use");
    }

    [Fact]
    public void No_lap_is_due_where_the_share_is_nothing()
    {
        using var test = new CacheUnderTest(static options => options.AuditShare = 0);
        test.Cache.Set("key", new Holder());

        Assert.False(test.Cache.Audit!.IsLapDue, "a lap is due");
    }

    internal static void Lap(CacheUnderTest test, int laps = 1)
    {
        for (int i = 0; i < laps; i++)
        {
            test.Cache.Audit!.RunLap();
            InvariantChecker.Check(test.Cache.Engine);
        }
    }

    /// <summary>What the entries would be charged if they were stored now.</summary>
    internal static long Fresh(CacheUnderTest test)
    {
        long bytes = 0;
        foreach (object key in test.Cache.Keys.ToList())
        {
            bool found = key is string text
                ? test.Cache.Engine.TryPeek(new StringLookup(text), out StoredEntry entry)
                : test.Cache.Engine.TryPeek(new ObjectLookup(key), out entry);
            Assert.True(found, "an entry is gone");
            bytes += new ObjectMeasurer().Measure(key) + new ObjectMeasurer().Measure(entry.Value)
                + CacheEngine.TableBytesPerEntry
                + (entry.HasDeadline ? CacheEngine.DeadlineBytesPerEntry : 0) + (entry.Details?.OwnBytes ?? 0);
        }

        return bytes;
    }

    private sealed class LibraryEntry
    {
        public object? Value { get; set; }

        public long ExpiresAt { get; set; }
    }

    private sealed class OnlyHere
    {
        public object? Content { get; set; }
    }

    private sealed class Session
    {
        public byte[]? Schema { get; set; }

        public List<byte[]>? Registry { get; set; }

        public List<byte[]> Items { get; } = [];
    }

    private record Shape(string Name, Shape? Inner);

    private sealed record BigShape(string Name) : Shape(Name, null)
    {
        public List<byte[]> Items { get; } = [];
    }

    private sealed class Service : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
