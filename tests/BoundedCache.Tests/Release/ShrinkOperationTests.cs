using BoundedCache.Engine;
using BoundedCache.Release;
using BoundedCache.Report;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Process.FakeProcess;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace BoundedCache.Tests.Release;

/// <summary>That a cache which is shrunk or released calls what does the work, with what it knows.</summary>
[Collection(ReleasingCache.Collection)]
public sealed class ShrinkOperationTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(25);

    [Fact]
    public async Task A_lowered_limit_releases_what_was_evicted()
    {
        using var log = new RecordingLog();
        using var test = new ReleasingCache(log: log);
        test.Set("one", 200);
        test.Set("other", 300);

        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(310 * MiB);

        Assert.Equal(1, test.Process.Collections);
        Assert.Equal((ReleaseMode.Full, ReleaseOutcome.Released), (report.ReleaseMode, report.Outcome));
        Assert.Contains(
            "fell by 200 MiB to 342 MiB, where 200 MiB were expected back", report.Reason, StringComparison.Ordinal);
        Assert.Equal(542 * MiB, report.Before.AnonymousBytes);
        Assert.Equal(342 * MiB, report.After.AnonymousBytes);
        Assert.Equal((1L, 1), (report.EntriesEvicted, report.Count));
        Assert.Equal(report.UsedMemory, test.Cache.UsedMemory);
        Assert.Equal(1, report.Collections);
        Assert.Equal(TimeSpan.FromMilliseconds(30), report.GCPause);
        Assert.Equal(TimeSpan.FromMilliseconds(30), report.LongestGCPause);
        Assert.Contains("Shrunk", log.Events);
    }

    [Fact]
    public async Task A_shrink_and_its_release_are_counted()
    {
        using var test = new ReleasingCache();
        test.Set("one", 200);

        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(1);

        CacheSnapshot snapshot = test.Cache.GetSnapshot();
        Assert.Equal((1L, 200 * MiB), (snapshot.Shrinks, snapshot.ReleasedBytes));
        Assert.Equal(TimeSpan.FromMilliseconds(30), snapshot.GCPause);
        Assert.Same(report, snapshot.LastReport);
    }

    [Fact]
    public void The_setter_releases_as_the_options_say_before_it_returns()
    {
        using var test = new ReleasingCache(static options => options.ReleaseMode = ReleaseMode.Gentle);
        test.Set("one", 200);

        test.Cache.MaxMemory = 1;

        Assert.Equal("background", test.Process.Steps[0]);
        Assert.Equal(42 * MiB, test.Process.Memory.TakeSnapshot().AnonymousBytes);
    }

    [Theory]
    [InlineData(ReleaseMode.None, ReleaseMode.Full)]
    [InlineData(ReleaseMode.Gentle, ReleaseMode.Gentle)]
    [InlineData(ReleaseMode.Full, ReleaseMode.Full)]
    public async Task A_release_without_a_mode_uses_the_caches_own_and_Full_where_that_is_None(
        ReleaseMode own, ReleaseMode used)
    {
        using var test = new ReleasingCache(options => options.ReleaseMode = own);
        test.Process.DeadBytes = 100 * MiB;

        ShrinkReport report = await test.Cache.ReleaseAsync();

        Assert.Equal(used, report.ReleaseMode);
        Assert.Equal(used == ReleaseMode.Full ? "aggressive" : "background", test.Process.Steps[0]);
    }

    [Fact]
    public async Task A_release_with_a_mode_uses_that()
    {
        using var test = new ReleasingCache(static options => options.ReleaseMode = ReleaseMode.Gentle);

        Assert.Equal(ReleaseMode.None, (await test.Cache.ReleaseAsync(ReleaseMode.None)).ReleaseMode);
        Assert.Empty(test.Process.Steps);
        Assert.Equal(ReleaseMode.Full, (await test.Cache.ReleaseAsync(ReleaseMode.Full)).ReleaseMode);
        Assert.Equal(["aggressive"], test.Process.Steps);
    }

    [Fact]
    public async Task A_release_runs_whatever_its_gain_and_a_shrink_does_not()
    {
        using var log = new RecordingLog();
        using var test = new ReleasingCache(log: log);

        Assert.Equal(1, (await test.Cache.ReleaseAsync()).Collections);
        Assert.Equal(ReleaseOutcome.Skipped, (await test.Cache.SetMaxMemoryAsync(500 * MiB)).Outcome);
        Assert.Equal(["Released", "Shrunk"], log.Events);
        Assert.Equal(1, test.Cache.GetSnapshot().Shrinks);
    }

    [Fact]
    public async Task A_raised_limit_collects_nothing_and_is_logged()
    {
        using var log = new RecordingLog();
        using var test = new ReleasingCache(log: log);

        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(2000 * MiB);

        Assert.Equal(ReleaseOutcome.NotRequested, report.Outcome);
        Assert.Empty(test.Process.Steps);
        Assert.Equal(["Raised"], log.Events);
        Assert.Equal(0, test.Cache.GetSnapshot().Shrinks);
        Assert.Null(test.Cache.GetSnapshot().LastReport);
    }

    [Theory]
    [InlineData(500, MaxMemoryChange.Lowered)]
    [InlineData(1000, MaxMemoryChange.Unchanged)]
    [InlineData(2000, MaxMemoryChange.Raised)]
    public async Task What_became_of_the_limit_is_reported(long mebibytes, MaxMemoryChange expected)
    {
        using var test = new ReleasingCache();

        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(mebibytes * MiB);

        Assert.Equal(expected, report.LimitChange);
        Assert.Equal(MaxMemoryChange.None, (await test.Cache.ReleaseAsync()).LimitChange);
        Assert.Equal(
            expected == MaxMemoryChange.Unchanged,
            report.Reason.StartsWith("The limit is unchanged.", StringComparison.Ordinal));
        Assert.Equal(
            expected == MaxMemoryChange.Raised, report.Reason.Contains("was raised", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(1000)]
    [InlineData(2000)]
    public async Task A_limit_that_the_machine_cannot_hold_is_answered_with_advice(long mebibytes)
    {
        using var log = new RecordingLog();
        using var test = new ReleasingCache(log: log);
        Assert.Empty(log.HeapLimits);
        test.Process.Files["/proc/meminfo"] = "MemTotal:   204800 kB\n";

        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(mebibytes * MiB);

        Assert.StartsWith("The machine has 200 MiB of memory", report.Advice[^1], StringComparison.Ordinal);
        Assert.Contains("The machine has 200 MiB of memory", Assert.Single(log.HeapLimits), StringComparison.Ordinal);

        test.Process.Files["/proc/meminfo"] = "MemTotal:   9000000000000000 kB\n";
        Assert.Empty((await test.Cache.SetMaxMemoryAsync(mebibytes * MiB)).Advice);
        Assert.Single(log.HeapLimits);
    }

    [Fact]
    public async Task A_limit_that_stays_the_same_counts_as_a_shrink()
    {
        using var test = new ReleasingCache();

        await test.Cache.SetMaxMemoryAsync(test.Cache.MaxMemory);

        Assert.Equal(1, test.Cache.GetSnapshot().Shrinks);
    }

    [Fact]
    public async Task Bytes_that_left_before_are_expected_back_once()
    {
        using var test = new ReleasingCache();
        test.Set("one", 200);
        test.Cache.Remove("one");
        Assert.True(test.Cache.WaitForCallbacks(s_patience));

        ShrinkReport first = await test.Cache.ReleaseAsync();
        ShrinkReport second = await test.Cache.ReleaseAsync();

        Assert.Contains("where 200 MiB were expected back", first.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("expected", second.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evicted_values_that_somebody_holds_are_named()
    {
        using var test = new ReleasingCache();
        test.Set("one", 200, static entry => entry.PostEvictionCallbacks.Clear());
        object? holder = test.Cache.Get("one");

        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(1);

        Assert.Equal(ReleaseOutcome.Partial, report.Outcome);
        Assert.Contains("still referenced", report.Advice[0], StringComparison.Ordinal);
        GC.KeepAlive(holder);
    }

    [Fact]
    public async Task Where_most_left_before_the_shrink_nothing_is_said_to_be_held()
    {
        using var test = new ReleasingCache();
        test.Set("one", 300, static entry => entry.PostEvictionCallbacks.Clear());
        test.Set("other", 10, static entry => entry.PostEvictionCallbacks.Clear());
        test.Cache.Remove("one");

        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(1);

        Assert.Equal(ReleaseOutcome.Released, report.Outcome);
        Assert.DoesNotContain(report.Advice, static advice =>
            advice.Contains("still referenced", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Live_objects_outside_caches_are_named()
    {
        using var test = new ReleasingCache();
        test.Process.LiveBytes = 100_000 * MiB;

        ShrinkReport report = await test.Cache.ReleaseAsync();

        // Whether it is the cache is not known while caches of other tests hold entries of declared sizes, or entries
        // that are not finished.
        Assert.Contains(report.Advice, static advice =>
            advice.Contains("are live objects outside any cache that reports", StringComparison.Ordinal)
            || advice.Contains("are live objects in no cache's account", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_native_allocator_is_asked_where_the_options_allow_it(bool isAllowed)
    {
        using var test = new ReleasingCache(options => options.TrimNativeMemory = isAllowed);
        test.Process.NativeBytes = 900 * MiB;
        test.Process.NativeFreeBytes = 880 * MiB;

        await test.Cache.ReleaseAsync();

        Assert.Equal((isAllowed ? 20 : 900) * MiB, test.Process.NativeBytes);
    }

    [Fact]
    public async Task Callbacks_of_evicted_entries_are_waited_for_before_the_collection()
    {
        using var collected = new ManualResetEventSlim();
        using var test = new ReleasingCache();
        bool isCollectedMeanwhile = true;
        test.Process.DuringCollection = _ => collected.Set();
        test.Set("one", 200, entry => entry.RegisterPostEvictionCallback(
            (_, _, _, _) => isCollectedMeanwhile = collected.Wait(TimeSpan.FromMilliseconds(300))));

        await test.Cache.SetMaxMemoryAsync(1);

        Assert.False(isCollectedMeanwhile);
    }

    [Fact]
    public async Task A_callback_that_shrinks_a_cache_is_not_waited_for()
    {
        using var collected = new ManualResetEventSlim();
        using var test = new ReleasingCache();
        var shrunk = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        test.Process.DuringCollection = _ => collected.Set();
        test.Set("one", 200);
        test.Set("other", 200, entry => entry.RegisterPostEvictionCallback((_, _, _, _) =>
        {
            _ = test.Cache.SetMaxMemoryAsync(1);
            shrunk.SetResult(collected.Wait(s_patience));
        }));

        test.Cache.Remove("other");

        Assert.True(await shrunk.Task);
    }

    [Fact]
    public async Task A_cancelled_shrink_without_a_release_ends_cancelled()
    {
        using var source = new CancellationTokenSource();
        using var test = new ReleasingCache();
        test.Set("one", 200, entry => entry.AddExpirationToken(new Faults.Token { OnDispose = source.Cancel }));

        Task<ShrinkReport> task = test.Cache.SetMaxMemoryAsync(1, ReleaseMode.None, source.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.True(task.IsCanceled);
        Assert.Empty(test.Process.Steps);
        Assert.True(test.IsPaced());
    }

    [Fact]
    public async Task A_failed_release_reaches_the_caller()
    {
        using var test = new ReleasingCache();
        test.Set("one", 200);
        test.Process.DuringCollection = static _ => throw new InvalidTimeZoneException();

        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => test.Cache.SetMaxMemoryAsync(1));

        Assert.True(test.IsPaced());
    }

    [Fact]
    public void A_setter_that_is_interrupted_while_it_waits_gets_the_exception_and_the_shrink_is_reported()
    {
        using var log = new RecordingLog();
        using var test = new ReleasingCache(log: log);
        test.Set("one", 200);
        Exception? thrown = null;
        var setter = new Thread(() => thrown = Record.Exception(() => test.Cache.MaxMemory = 1));
        test.Process.DuringCollection = _ =>
        {
            setter.Interrupt();
            Assert.True(setter.Join(s_patience));
        };

        setter.Start();

        Assert.True(setter.Join(s_patience));
        Assert.IsType<ThreadInterruptedException>(thrown);
        Assert.True(SpinWait.SpinUntil(() => log.Count("Shrunk") == 1, s_patience));
        ShrinkReport report = test.Cache.GetSnapshot().LastReport!;
        Assert.Equal((1L, ReleaseOutcome.Released), (report.EntriesEvicted, report.Outcome));
        Assert.Equal(1, test.Cache.GetSnapshot().Shrinks);
    }

    [Theory]
    [InlineData(ReleaseMode.Gentle)]
    [InlineData(ReleaseMode.Full)]
    public void A_setter_that_is_interrupted_while_it_evicts_leaves_the_rest_to_another_thread(ReleaseMode mode)
    {
        const int Entries = 10_000;
        using var log = new RecordingLog();
        using var test = new ReleasingCache(options => options.ReleaseMode = mode, log);
        for (int i = 0; i < Entries; i++)
        {
            test.Cache.Set(i, new byte[10_000]);
        }

        // The interrupt comes in the first batch; the next wait of the thread is for its rest, or for the lock.
        using var isInside = new ManualResetEventSlim();
        using var mayEnd = new ManualResetEventSlim();
        bool isInterrupted = false;
        test.Set("first", 0, entry => entry.AddExpirationToken(new Faults.Token
        {
            OnDispose = () =>
            {
                isInside.Set();
                mayEnd.Wait(s_patience);
                Thread.CurrentThread.Interrupt();
                Volatile.Write(ref isInterrupted, true);
            },
        }));
        Enumerable.Range(0, Entries).ToList().ForEach(key => test.Cache.Get(key));
        Exception? thrown = null;
        var setter = new Thread(() => thrown = Record.Exception(() => test.Cache.MaxMemory = MiB));
        setter.Start();
        Assert.True(isInside.Wait(s_patience));
        using (test.Cache.Engine.Lock.Enter())
        {
            mayEnd.Set();
            Assert.True(SpinWait.SpinUntil(
                () => Volatile.Read(ref isInterrupted)
                    && (!setter.IsAlive || setter.ThreadState.HasFlag(ThreadState.WaitSleepJoin)),
                s_patience));
        }

        Assert.True(setter.Join(s_patience));
        Assert.IsType<ThreadInterruptedException>(thrown);
        Assert.True(SpinWait.SpinUntil(() => log.Count("Shrunk") == 1, s_patience));
        ShrinkReport report = test.Cache.GetSnapshot().LastReport!;
        Assert.InRange(test.Cache.UsedMemory, 0, MiB);
        Assert.Equal(Entries + 1, report.EntriesEvicted + test.Cache.Count);
        Assert.True(test.IsPaced());
    }

    [Fact]
    public async Task An_interrupt_that_comes_late_from_code_of_a_user_ends_no_shrink_on_a_thread_of_the_releasers()
    {
        const int Entries = 10_000;
        using var test = new ReleasingCache();
        for (int i = 0; i < Entries; i++)
        {
            test.Cache.Set(i, new byte[10_000]);
        }

        // It comes in the first batch, after which the thread rests.
        test.Set("first", 0, entry => entry.AddExpirationToken(new Faults.Token
        {
            OnDispose = () =>
            {
                long began = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromMilliseconds(2))
                {
                }

                Thread.CurrentThread.Interrupt();
            },
        }));
        Enumerable.Range(0, Entries).ToList().ForEach(key => test.Cache.Get(key));

        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(MiB, ReleaseMode.Gentle);

        Assert.InRange(test.Cache.UsedMemory, 0, MiB);
        Assert.Equal(Entries + 1, report.EntriesEvicted + test.Cache.Count);
        Assert.True(test.IsPaced());
    }

    [Fact]
    public void Pacing_is_resumed_when_the_eviction_fails()
    {
        using var test = new ReleasingCache();
        var cache = new FailingCache(test);
        var shrink = new ShrinkOperation(cache, ReleaseMode.Full);
        shrink.SetLimit(100 * MiB);

        Assert.Throws<InvalidTimeZoneException>(() => shrink.Finish(CancellationToken.None));

        Assert.True(test.IsPaced());
        Assert.Empty(cache.Released);
    }

    /// <summary>A cache that fails when it is to evict.</summary>
    private sealed class FailingCache(ReleasingCache test) : ShrinkOperation.ICache
    {
        public string Name => "failing";

        public CacheEngine Engine => IsSuspended ? throw new InvalidTimeZoneException() : test.Cache.Engine;

        public bool IsSuspended { get; private set; }

        public MemoryReleaser Releaser => test.Releaser;

        public bool TrimNative => false;

        public bool IsInCallback => false;

        public int UncertainEntries => 0;

        public Func<CacheShare> ReadCaches => static () => default;

        public List<ReleaseResult> Released { get; } = [];

        public long TakeLeftBytes() => 0;

        public void Reexamine()
        {
        }

        public void Pace()
        {
        }

        public void SuspendPacing() => IsSuspended = true;

        public void KeepPacingSuspended()
        {
        }

        public void ResumePacing() => IsSuspended = false;

        public WeakReference<ShrinkOperation.ICache> Self => new(this);

        public Func<TimeSpan, bool>? MarkCallbacks() => null;

        public IReadOnlyList<string> CheckRoom() => [];

        public void OnRaised(long oldMax, long newMax)
        {
        }

        public void OnShrinking()
        {
        }

        public void OnReleased(ReleaseResult release) => Released.Add(release);

        public void OnReport(ShrinkReport report, bool isShrink)
        {
        }

        public void OnOwedReport(ShrinkReport report, OwedEnd end)
        {
        }

        public void OnOwedFailure(Exception failure)
        {
        }
    }
}
