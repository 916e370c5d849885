using System.Runtime.CompilerServices;
using System.Text;
using BoundedCache.Engine;
using BoundedCache.Entries;
using BoundedCache.Pacing;
using BoundedCache.Release;
using BoundedCache.Tests.Process;
using BoundedCache.TestSupport;
using static BoundedCache.Tests.Audit.AuditTests;
using static BoundedCache.Tests.Audit.ChangingValue;

namespace BoundedCache.Tests.Audit;

/// <summary>Laps beside threads that change values and entries, and caches that end meanwhile.</summary>
public sealed class AuditFaultTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Collections_that_other_threads_change_meanwhile_do_no_harm()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 4 << 20);
        var list = new List<byte[]>();
        var map = new Dictionary<int, object>();
        var builder = new StringBuilder();
        var holder = new Holder();
        test.Cache.Set("list", list);
        test.Cache.Set("map", map);
        test.Cache.Set("builder", builder);
        test.Cache.Set("holder", holder);
        using var stop = new CancellationTokenSource();
        Thread[] changers =
        [
            Start(stop, i => Cycle(i, 500, () => list.Add(new byte[i % 100]), list.Clear)),
            Start(stop, i => Cycle(i, 500, () => map[i] = new byte[i % 100], map.Clear)),
            Start(stop, i => Cycle(i, 500, () => builder.Append("text"), () => builder.Clear())),
            Start(stop, i => holder.Content = i % 2 == 0 ? new object[] { holder, new byte[i % 1000] } : "text"),
        ];
        Lap(test, 300);
        stop.Cancel();
        Array.ForEach(changers, static changer => changer.Join());
        Lap(test, 3);

        Assert.Equal(4, test.Cache.Count);
        Assert.Equal(Fresh(test), test.Cache.UsedMemory);
    }

    [Fact]
    public void Entries_that_come_and_go_meanwhile_and_a_limit_that_changes_do_no_harm()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 1 << 20);
        using var stop = new CancellationTokenSource();
        Holder[] holders = [.. Enumerable.Range(0, 200).Select(static _ => new Holder())];
        Thread[] others =
        [
            Start(stop, i => test.Cache.Set(i % 200, holders[i % 200])),
            Start(stop, i => test.Cache.Remove(i * 7 % 200)),
            Start(stop, i => test.Cache.TryGetValue(i * 3 % 200, out _)),
            Start(stop, i => holders[i % 200].Content = i % 3 == 0 ? null : new byte[i % 10_000]),
            Start(stop, i => test.Cache.MaxMemory = i % 2 == 0 ? 1 << 20 : 300_000),
            Start(stop, i => test.Cache.Set(1000 + (i % 50), new Lazy<int>(static () => 1))),
        ];
        for (int i = 0; i < 200; i++)
        {
            test.Cache.Audit!.RunLap();
            test.Cache.Audit.Reexamine(TimeSpan.FromMilliseconds(1), charges: i % 2 == 0);
        }

        stop.Cancel();
        Array.ForEach(others, static other => other.Join());
        Lap(test, 3);

        Assert.Equal(Fresh(test), test.Cache.UsedMemory);
    }

    [Fact]
    public void A_cache_may_be_disposed_while_it_is_measured()
    {
        for (int i = 0; i < 20; i++)
        {
            var auditor = new Auditor();
            BoundedMemoryCache cache = Create(auditor, static options => options.AuditShare = 1);
            for (int j = 0; j < 1000; j++)
            {
                cache.Set(j, new Holder { Content = new List<int>() });
            }

            Assert.True(SpinWait.SpinUntil(() => cache.GetSnapshot().AuditedEntries > 0, s_patience), "no lap began");
            cache.Dispose();

            InvariantChecker.Check(cache.Engine);
            Assert.Equal((0, 0, 0L), (cache.Count, cache.Engine.ChangingCount, cache.UsedMemory));
            Assert.True(SpinWait.SpinUntil(() => !auditor.IsRunning, s_patience), "the thread goes on");
        }
    }

    [Fact]
    public void Nothing_is_measured_after_a_cache_was_disposed()
    {
        using var test = new CacheUnderTest();
        var source = new TaskCompletionSource<byte[]>();
        test.Cache.Set("key", source.Task);
        test.Cache.Dispose();
        source.SetResult(new byte[1000]);
        test.Cache.Audit!.MeasureFinished(s_patience);

        Assert.Equal(0, test.Cache.UsedMemory);
        Assert.False(test.Cache.Audit.IsLapDue, "a lap is due");
    }

    [Fact]
    public void The_thread_finds_what_grew_in_each_cache_and_ends_with_the_last_one()
    {
        var auditor = new Auditor();
        using BoundedMemoryCache one = Create(auditor);
        BoundedMemoryCache other = Create(auditor);
        Assert.False(auditor.IsRunning, "it runs before there is a value that can change");
        one.Set("text", "text");
        Assert.False(auditor.IsRunning, "it runs before there is a value that can change");

        var holders = new[] { new Holder(), new Holder() };
        one.Set("key", holders[0]);
        other.Set("key", holders[1]);
        var source = new TaskCompletionSource<byte[]>();
        one.Set("task", source.Task);
        source.SetResult(new byte[50_000]);
        holders[0].Content = new byte[100_000];
        holders[1].Content = new byte[100_000];

        Assert.True(SpinWait.SpinUntil(() => one.UsedMemory > 150_000, s_patience), "growth was not found");
        Assert.True(SpinWait.SpinUntil(() => other.UsedMemory > 100_000, s_patience), "growth was not found");
        other.Dispose();
        Assert.True(auditor.IsRunning, "it ended before the last cache");
        one.Dispose();
        Assert.True(SpinWait.SpinUntil(() => !auditor.IsRunning, s_patience), "the thread goes on");
    }

    [Fact]
    public void A_failure_of_the_thread_is_logged_and_it_goes_on()
    {
        var failing = new Pacer(
            new FakeProcess(), new ManualTimeProvider(), static _ => throw new InvalidTimeZoneException());
        using var log = new RecordingLog();
        var options = new BoundedMemoryCacheOptions { MaxMemory = 64 << 20, ReleaseMode = ReleaseMode.None };
        using var cache = new BoundedMemoryCache(options, log, null, MemoryReleaser.Shared, failing, new Auditor());
        for (int i = 0; i < 6; i++)
        {
            cache.Set(i, new byte[10 << 20]);
        }

        // Charging what it grew by evicts the others, and the pacer has them collected.
        var holder = new Holder();
        cache.Set("grows", holder);
        holder.Content = new byte[40 << 20];

        Assert.True(SpinWait.SpinUntil(() => log.Count("AuditFailed") > 0, s_patience), "nothing was logged");
        Assert.IsType<InvalidTimeZoneException>(Assert.Single(log.Errors));
        long audited = cache.GetSnapshot().AuditedEntries;
        holder.Content = new byte[20 << 20];
        cache.TryGetValue("grows", out _);
        Assert.True(
            SpinWait.SpinUntil(() => cache.GetSnapshot().AuditedEntries > audited, s_patience), "it does not go on");
    }

    [Fact]
    public void A_cache_that_is_dropped_is_collected_while_the_thread_runs()
    {
        var auditor = new Auditor();
        using BoundedMemoryCache other = Create(auditor);
        other.Set("key", new Holder());

        Assert.True(Eventually.Dead(Drop(auditor)), "the cache is still alive");
        Assert.True(auditor.IsRunning, "the thread ended");
    }

    [Fact]
    public void The_thread_ends_when_the_last_cache_is_dropped()
    {
        var auditor = new Auditor();
        Assert.True(Eventually.Dead(Drop(auditor)), "the cache is still alive");
        Assert.True(Eventually.True(() => !auditor.IsRunning), "the thread goes on");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Drop(Auditor auditor)
    {
        BoundedMemoryCache cache = Create(auditor);
        cache.Set("key", new Holder());
        cache.Set("lazy", new Lazy<int>(static () => 1));
        Assert.True(SpinWait.SpinUntil(() => cache.GetSnapshot().AuditedEntries > 0, s_patience), "no lap began");
        return [new WeakReference(cache), new WeakReference(cache.Engine), new WeakReference(cache.Audit)];
    }

    private static BoundedMemoryCache Create(Auditor auditor, Action<BoundedMemoryCacheOptions>? configure = null)
    {
        var options = new BoundedMemoryCacheOptions { MaxMemory = 10_000_000, ReleaseMode = ReleaseMode.None };
        configure?.Invoke(options);
        return new BoundedMemoryCache(options, null, null, MemoryReleaser.Shared, Pacer.Shared, auditor);
    }

    private static void Cycle(int i, int length, Action grow, Action clear)
    {
        if (i % length == 0)
        {
            clear();
        }
        else
        {
            grow();
        }
    }

    private static Thread Start(CancellationTokenSource stop, Action<int> step)
    {
        var thread = new Thread(() =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                step(i);
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
        return thread;
    }
}
