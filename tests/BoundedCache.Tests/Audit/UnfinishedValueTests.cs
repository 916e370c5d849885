using System.Diagnostics;
using System.Runtime.CompilerServices;
using BoundedCache.Engine;
using BoundedCache.Entries;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Audit.AuditTests;

namespace BoundedCache.Tests.Audit;

/// <summary>Tasks that run and lazies that are not made when they are stored.</summary>
public sealed class UnfinishedValueTests
{
    private const int Bytes = 50_000;

    [Fact]
    public void A_task_is_measured_when_it_ends()
    {
        using var test = new CacheUnderTest();
        var source = new TaskCompletionSource<byte[]>();
        test.Cache.Set("key", source.Task);
        Assert.Equal(1, test.Cache.GetSnapshot().UnfinishedEntries);
        Assert.False(test.Cache.Audit!.HasFinished, "it is taken for finished");

        source.SetResult(new byte[Bytes]);
        AssertFinished(test, Bytes);
    }

    [Fact]
    public void A_task_that_fails_or_is_cancelled_is_measured_too()
    {
        using var test = new CacheUnderTest();
        var failing = new TaskCompletionSource<byte[]>();
        var cancelled = new TaskCompletionSource<byte[]>();
        test.Cache.Set("failing", failing.Task);
        test.Cache.Set("cancelled", cancelled.Task);
        failing.SetException(new InvalidTimeZoneException(new string('x', Bytes / 2)));
        cancelled.SetCanceled();
        WaitUntilFinished(test);

        Assert.True(test.Cache.UsedMemory > Bytes, "the exception is not charged");
        Assert.IsType<AggregateException>(failing.Task.Exception);
    }

    [Fact]
    public void All_entries_are_measured_without_laps_however_many_hold_one_task()
    {
        using var test = new CacheUnderTest(static options => options.AuditShare = 0);
        var source = new TaskCompletionSource<byte[]>();
        for (int i = 0; i < 3000; i++)
        {
            test.Cache.Set(i, source.Task);
        }

        int stored = test.Cache.Count;
        Assert.Equal(stored, test.Cache.GetSnapshot().UnfinishedEntries);
        Assert.True(stored > 2000, "too few entries are stored to tell anything");
        source.SetResult(new byte[100]);
        WaitUntilFinished(test);
        Assert.False(test.Cache.Audit!.HasFinished, "the walk over the table does not end");
    }

    [Fact]
    public void A_look_that_charges_nothing_leaves_a_finished_task_to_be_charged()
    {
        using var test = new CacheUnderTest(static options => options.AuditShare = 0);
        var source = new TaskCompletionSource<byte[]>();
        test.Cache.Set("key", source.Task);
        source.SetResult(new byte[Bytes]);
        Assert.True(SpinWait.SpinUntil(() => test.Cache.Audit!.HasFinished, TimeSpan.FromSeconds(30)));

        Assert.InRange(
            test.Cache.Audit!.Reexamine(TimeSpan.FromSeconds(30), charges: false).GrownBytes, Bytes, Bytes * 11 / 10);
        AssertFinished(test, Bytes);
    }

    [Fact]
    public void All_entries_are_measured_without_laps_however_many_tasks_end_at_once()
    {
        using var test = new CacheUnderTest(static options =>
            (options.AuditShare, options.MaxMemory) = (0, 1 << 30));
        TaskCompletionSource<byte[]>[] sources = [.. Enumerable.Range(0, FinishedValues.Most + 1000)
            .Select(static _ => new TaskCompletionSource<byte[]>())];
        for (int i = 0; i < sources.Length; i++)
        {
            test.Cache.Set(i, sources[i].Task);
        }

        foreach (TaskCompletionSource<byte[]> source in sources)
        {
            source.SetResult([]);
        }

        // In slices that are over at once: each goes on where the last one ended. One does nothing while the audit's
        // thread is in another, which may be for long on a busy machine.
        long start = Stopwatch.GetTimestamp();
        while (test.Cache.Audit!.HasFinished && Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(2))
        {
            test.Cache.Audit.MeasureFinished(TimeSpan.FromTicks(1));
        }

        Assert.Equal(0, test.Cache.GetSnapshot().UnfinishedEntries);
    }

    [Fact]
    public void A_task_that_ended_before_it_was_stored_is_not_unfinished()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set("key", Task.FromResult(new byte[Bytes]));
        test.Cache.Set("failed", Task.FromException<int>(new InvalidTimeZoneException()));
        test.Cache.Set("none", Task.CompletedTask);

        Assert.Equal(0, test.Cache.GetSnapshot().UnfinishedEntries);
        Assert.True(test.Cache.UsedMemory > Bytes, "the result is not charged");
    }

    [Fact]
    public void A_task_without_a_result_and_a_boxed_value_task_end_too()
    {
        using var test = new CacheUnderTest();
        var plain = new TaskCompletionSource();
        var source = new TaskCompletionSource<byte[]>();
        test.Cache.Set("plain", plain.Task);
        test.Cache.Set("value task", (object)new ValueTask<byte[]>(source.Task));
        test.Cache.Set("ready", (object)new ValueTask<byte[]>(new byte[10]));
        Assert.Equal(2, test.Cache.GetSnapshot().UnfinishedEntries);

        plain.SetResult();
        source.SetResult(new byte[Bytes]);
        AssertFinished(test, Bytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_lazy_is_measured_at_the_first_use_after_it_was_made(bool expires)
    {
        using var test = new CacheUnderTest(static options => options.TimeProvider = TimeProvider.System);
        int made = 0;
        var lazy = new Lazy<byte[]>(() =>
        {
            made++;
            return new byte[Bytes];
        });
        if (expires)
        {
            test.Cache.Set("key", lazy, TimeSpan.FromDays(1));
        }
        else
        {
            test.Cache.Set("key", lazy);
        }

        test.Cache.Get("key");
        MeasureFinished(test);
        Assert.Equal((0, 1), (made, test.Cache.GetSnapshot().UnfinishedEntries));

        Assert.NotNull(lazy.Value);
        Assert.False(test.Cache.Audit!.HasFinished, "it is taken for finished");
        Assert.Same(lazy, test.Cache.Get("key"));
        AssertFinished(test, Bytes);
        Assert.Equal(1, made);
    }

    [Fact]
    public void A_lazy_that_is_made_and_never_used_again_is_found_by_a_lap()
    {
        using var test = new CacheUnderTest();
        var lazy = new Lazy<byte[]>(static () => new byte[Bytes]);
        test.Cache.Set("key", lazy);
        Assert.NotNull(lazy.Value);
        Lap(test);

        AssertFinished(test, Bytes);
    }

    [Fact]
    public void A_lazy_whose_factory_failed_is_not_waited_for()
    {
        using var test = new CacheUnderTest();
        var lazy = new Lazy<byte[]>(static () => throw new InvalidTimeZoneException());
        test.Cache.Set("key", lazy);
        Assert.Throws<InvalidTimeZoneException>(() => lazy.Value);
        test.Cache.Get("key");
        MeasureFinished(test);

        Assert.Equal(0, test.Cache.GetSnapshot().UnfinishedEntries);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_lazy_task_is_measured_when_its_task_ends(bool byLap)
    {
        using var test = new CacheUnderTest();
        var source = new TaskCompletionSource<byte[]>();
        var lazy = new AsyncLazy(() => source.Task);
        test.Cache.Set("key", lazy);
        Assert.NotNull(lazy.Value);
        if (byLap)
        {
            Lap(test);
        }
        else
        {
            test.Cache.Get("key");
            MeasureFinished(test);
            test.Cache.Get("key");
        }

        Assert.Equal(1, test.Cache.GetSnapshot().UnfinishedEntries);
        Assert.False(test.Cache.Audit!.HasFinished, "it is taken for finished");
        source.SetResult(new byte[Bytes]);
        AssertFinished(test, Bytes);
    }

    [Fact]
    public void A_task_of_a_task_is_measured_when_the_inner_one_ends()
    {
        using var test = new CacheUnderTest();
        var outer = new TaskCompletionSource<Task<byte[]>>();
        var inner = new TaskCompletionSource<byte[]>();
        test.Cache.Set("key", outer.Task);
        outer.SetResult(inner.Task);
        Assert.True(SpinWait.SpinUntil(() => test.Cache.Audit!.HasFinished, TimeSpan.FromSeconds(30)), "it goes on");
        MeasureFinished(test);
        Assert.Equal(1, test.Cache.GetSnapshot().UnfinishedEntries);

        inner.SetResult(new byte[Bytes]);
        AssertFinished(test, Bytes);
    }

    [Fact]
    public void One_task_under_many_keys_and_in_many_caches_is_measured_for_each()
    {
        using var one = new CacheUnderTest();
        using var other = new CacheUnderTest();
        var source = new TaskCompletionSource<byte[]>();
        one.Cache.Set("a", source.Task);
        one.Cache.Set(new Version(1, 2), source.Task);
        other.Set("a", source.Task);
        source.SetResult(new byte[Bytes]);

        AssertFinished(one, 2 * Bytes);
        AssertFinished(other, Bytes);
    }

    /// <summary>The task is not the entries' own value: nobody is told of its end unless a reader found it.</summary>
    [Fact]
    public void One_task_in_many_lazies_is_measured_for_each_entry_that_was_read()
    {
        using var one = new CacheUnderTest(static options => options.AuditShare = 0);
        using var other = new CacheUnderTest(static options => options.AuditShare = 0);
        var source = new TaskCompletionSource<byte[]>();
        CacheUnderTest[] tests = [one, one, other];
        for (int i = 0; i < tests.Length; i++)
        {
            var lazy = new Lazy<Task<byte[]>>(() => source.Task);
            tests[i].Cache.Set(i, lazy);
            Assert.NotNull(lazy.Value);
            Assert.NotNull(tests[i].Cache.Get(i));
            MeasureFinished(tests[i]);
            Assert.NotNull(tests[i].Cache.Get(i));
            Assert.False(tests[i].Cache.Audit!.HasFinished, "it is looked at for each read");
        }

        source.SetResult(new byte[Bytes]);
        AssertFinished(one, 2 * Bytes);
        AssertFinished(other, Bytes);
    }

    [Fact]
    public void An_entry_that_was_replaced_meanwhile_is_not_charged_for_its_old_value()
    {
        using var test = new CacheUnderTest();
        var source = new TaskCompletionSource<byte[]>();
        test.Cache.Set("key", source.Task);
        test.Cache.Set("key", "new");
        long before = test.Cache.UsedMemory;
        source.SetResult(new byte[Bytes]);
        Assert.True(SpinWait.SpinUntil(() => test.Cache.Audit!.HasFinished, TimeSpan.FromSeconds(30)), "it goes on");
        MeasureFinished(test);

        Assert.Equal((before, 0), (test.Cache.UsedMemory, test.Cache.GetSnapshot().UnfinishedEntries));
    }

    [Fact]
    public void Entries_that_moved_meanwhile_are_found()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 1L << 30);
        TaskCompletionSource<byte[]>[] sources = [.. Enumerable.Range(0, 10_000).Select(
            static _ => new TaskCompletionSource<byte[]>())];
        for (int i = 0; i < sources.Length; i++)
        {
            test.Cache.Set(i, sources[i].Task);
        }

        for (int i = 0; i < sources.Length; i++)
        {
            if (i % 100 != 0)
            {
                test.Cache.Remove(i);
            }
        }

        test.Cache.Compact(0);
        foreach (TaskCompletionSource<byte[]> source in sources)
        {
            source.SetResult(new byte[Bytes]);
        }

        AssertFinished(test, 100 * Bytes);
        Assert.Equal(Fresh(test), test.Cache.UsedMemory);
    }

    [Theory]
    [InlineData("lazy", false)]
    [InlineData("lazy", true)]
    [InlineData("task", false)]
    [InlineData("task", true)]
    [InlineData("lazy task", false)]
    [InlineData("lazy task", true)]
    public void A_thousand_values_that_are_finished_later_stay_within_the_limit(string kind, bool isRead)
    {
        const int Limit = 16 << 20;
        using var test = new CacheUnderTest(static options => options.MaxMemory = Limit);
        for (int i = 0; i < 1000; i++)
        {
            var source = new TaskCompletionSource<byte[]>();
            var lazy = new Lazy<byte[]>(static () => new byte[Bytes]);
            var lazyTask = new Lazy<Task<byte[]>>(() => source.Task);
            test.Cache.Set(i, kind == "lazy" ? lazy : kind == "task" ? source.Task : (object)lazyTask);
            Assert.NotNull(lazy.Value);
            Assert.NotNull(lazyTask.Value);
            source.SetResult(new byte[Bytes]);
            if (isRead)
            {
                test.Cache.Get(i);
                MeasureFinished(test);
            }
        }

        Lap(test, 2);

        Assert.Equal(0, test.Cache.GetSnapshot().UnfinishedEntries);
        Assert.InRange(test.Cache.Count, 200, 350);
        Assert.InRange(Fresh(test), Limit / 2, (long)(1.3 * Limit));
        Assert.Equal(Fresh(test), test.Cache.UsedMemory);
    }

    [Fact]
    public void A_result_beyond_the_limit_leaves_the_cache()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 10_000);
        var source = new TaskCompletionSource<byte[]>();
        test.Set("key", source.Task);
        source.SetResult(new byte[Bytes]);
        WaitUntilFinished(test);

        Assert.Equal([("key", source.Task, EvictionReason.Capacity)], test.TakeDepartures());
        Assert.Equal(0, test.Cache.GetSnapshot().UnfinishedEntries);
    }

    [Fact]
    public void Results_are_charged_where_laps_are_off_and_where_changes_are_only_reported()
    {
        using var test = new CacheUnderTest(
            static options => (options.AuditShare, options.AuditOnlyReports) = (0, true));
        var source = new TaskCompletionSource<byte[]>();
        test.Cache.Set("key", source.Task);
        source.SetResult(new byte[Bytes]);

        AssertFinished(test, Bytes);
    }

    [Fact]
    public void Results_that_evict_others_are_told_where_changes_are_only_reported_and_changes_too()
    {
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(
            static options => (options.MaxMemory, options.AuditOnlyReports) = (100_000, true), log);
        var result = new List<byte[]> { new byte[80_000] };
        var source = new TaskCompletionSource<List<byte[]>>();
        test.Cache.Set("old", new byte[50_000]);
        test.Cache.Set("key", source.Task);
        source.SetResult(result);
        WaitUntilFinished(test);
        Assert.False(test.Has("old"), "nothing was evicted");
        Assert.Equal(["ValuesUnfinished", "ValuesGrew"], log.Events);

        long before = test.Cache.UsedMemory;
        result.Add(new byte[10_000]);
        Lap(test, 2);
        Assert.Equal(before, test.Cache.UsedMemory);
        Assert.Equal(["ValuesUnfinished", "ValuesGrew", "ValuesGrewUncharged"], log.Events);
    }

    /// <summary>It did not grow, and it was not unfinished.</summary>
    [Fact]
    public void A_chain_that_is_counted_later_is_not_said_to_have_grown()
    {
        const int Nodes = 200_000;
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(static options => options.MaxMemory = Nodes * 34, log);
        test.Cache.Set("old", new byte[Nodes * 10]);
        test.Cache.Set("key", Chain(Nodes));
        CacheAudit audit = test.Cache.Audit!;
        Assert.Equal(0, audit.Reexamine(TimeSpan.FromSeconds(30), charges: false).GrownBytes);
        audit.MeasureFinished(TimeSpan.MaxValue);

        Assert.InRange(test.Cache.UsedMemory, Nodes * 32, Nodes * 33);
        Assert.False(test.Has("old"), "nothing was evicted");
        Assert.DoesNotContain("ValuesGrew", log.Events);
        Assert.Equal(0, audit.Totals.RecentBytes);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(-8)]
    public void A_chain_that_was_counted_is_charged_small_changes_too(int percent)
    {
        const int Nodes = 150_000;
        using var test = new CacheUnderTest(static options => options.MaxMemory = 1L << 30);
        Node chain = Chain(Nodes);
        test.Cache.Set("key", chain);
        test.Cache.Audit!.MeasureFinished(TimeSpan.MaxValue);
        long before = test.Cache.UsedMemory;
        for (int i = 0; i < Nodes * Math.Abs(percent) / 100; i++)
        {
            chain.Next = percent > 0 ? new Node { Next = chain.Next } : chain.Next!.Next;
        }

        Lap(test, 2);

        long change = percent * Nodes * 32 / 100;
        Assert.InRange(test.Cache.UsedMemory - before, change - 1000, change + 1000);
    }

    [Fact]
    public void A_declared_size_is_the_least_for_a_result_too()
    {
        using var test = new CacheUnderTest();
        var source = new TaskCompletionSource<byte[]>();
        test.Cache.SetWithSize("key", source.Task, 60_000);
        long before = test.Cache.UsedMemory;
        source.SetResult(new byte[10]);
        WaitUntilFinished(test);

        Assert.Equal(before, test.Cache.UsedMemory);
    }

    [Fact]
    public void A_remeasured_task_is_unfinished_as_before_and_measured_at_its_end()
    {
        using var test = new CacheUnderTest();
        var source = new TaskCompletionSource<byte[]>();
        var lazy = new Lazy<byte[]>(static () => new byte[Bytes]);
        test.Cache.Set("task", source.Task);
        test.Cache.Set("lazy", lazy);
        Assert.True(test.Cache.Remeasure("task"));
        Assert.Equal(2, test.Cache.GetSnapshot().UnfinishedEntries);
        Assert.NotNull(lazy.Value);
        Assert.True(test.Cache.Remeasure("lazy"));
        Assert.Equal(1, test.Cache.GetSnapshot().UnfinishedEntries);
        source.SetResult(new byte[Bytes]);

        AssertFinished(test, 2 * Bytes);
    }

    [Fact]
    public void One_line_a_type_tells_of_unfinished_values()
    {
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(log: log);
        for (int i = 0; i < 3; i++)
        {
            test.Cache.Set(i, new TaskCompletionSource<byte[]>().Task);
            test.Cache.Set(-1 - i, new Lazy<int>(static () => 1));
        }

        Assert.Equal(["ValuesUnfinished", "ValuesUnfinished"], log.Events);
    }

    [Fact]
    public async Task No_user_code_of_keys_runs_for_a_result()
    {
        using var test = new CacheUnderTest();
        var source = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var key = new CountingKey();
        _ = test.Cache.Set(key, source.Task);
        int calls = key.Calls;
        source.SetResult(new byte[Bytes]);
        await source.Task;
        Assert.True(Eventually.True(() => test.Cache.Audit!.HasFinished), "the end is not noticed");
        MeasureFinished(test);

        Assert.Equal((calls, 0), (key.Calls, test.Cache.GetSnapshot().UnfinishedEntries));
    }

    [Fact]
    public void A_task_that_never_ends_keeps_no_cache_and_no_value()
    {
        var source = new TaskCompletionSource<byte[]>();
        WeakReference[] references = Drop(source.Task);

        Assert.True(Eventually.Dead(references), "the cache or the value is still alive");
        source.SetResult([]);
    }

    [Fact]
    public void A_cache_does_not_keep_a_task_that_left_it()
    {
        using var test = new CacheUnderTest();
        WeakReference task = SetAndRemove(test.Cache);

        Assert.True(Eventually.Dead(task), "the task is still alive");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference SetAndRemove(BoundedMemoryCache cache)
    {
        Task<byte[]> task = new TaskCompletionSource<byte[]>().Task;
        cache.Set("key", task);
        cache.Remove("key");
        return new WeakReference(task);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Drop(Task<byte[]> task)
    {
        var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions());
        var lazy = new Lazy<Task<byte[]>>(() => task);
        Assert.NotNull(lazy.Value);
        cache.Set("key", lazy);
        cache.Set("task", task);
        return [new WeakReference(cache), new WeakReference(cache.Engine), new WeakReference(lazy)];
    }

    private static Node Chain(int nodes)
    {
        var first = new Node();
        for (int i = 1; i < nodes; i++)
        {
            first = new Node { Next = first };
        }

        return first;
    }

    private static void MeasureFinished(CacheUnderTest test)
    {
        test.Cache.Audit!.MeasureFinished(TimeSpan.MaxValue);
        InvariantChecker.Check(test.Cache.Engine);
    }

    /// <summary>The end of a task is noted on a thread of the pool.</summary>
    private static void WaitUntilFinished(CacheUnderTest test)
    {
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    MeasureFinished(test);
                    return test.Cache.GetSnapshot().UnfinishedEntries == 0;
                },
                TimeSpan.FromSeconds(30)),
            $"{test.Cache.GetSnapshot().UnfinishedEntries} entries are not finished");
    }

    private static void AssertFinished(CacheUnderTest test, long bytes)
    {
        WaitUntilFinished(test);
        Assert.Equal(Fresh(test), test.Cache.UsedMemory);
        Assert.InRange(test.Cache.UsedMemory, bytes, bytes + (bytes / 10));
    }

    private sealed class Node
    {
        public Node? Next { get; set; }

        public long Number { get; set; }
    }

    private sealed class AsyncLazy(Func<Task<byte[]>> factory) : Lazy<Task<byte[]>>(factory);

    private sealed class CountingKey
    {
        public int Calls { get; private set; }

        public override bool Equals(object? obj)
        {
            Calls++;
            return ReferenceEquals(this, obj);
        }

        public override int GetHashCode()
        {
            Calls++;
            return 7;
        }
    }
}
