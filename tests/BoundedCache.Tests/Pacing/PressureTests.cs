using BoundedCache.Pacing;
using BoundedCache.Tests.Process;
using static BoundedCache.Tests.Pacing.PressureScenario;

namespace BoundedCache.Tests.Pacing;

/// <summary>Caches that yield before a container's limit, in processes that are simulated.</summary>
public sealed class PressureTests
{
    private static PressureScenario OneCache(long limit = 768, long cache = 512)
    {
        var test = new PressureScenario(limit * MiB, new FakeYieldingCache(cache * MiB));
        test.Run(20);
        Assert.True(test.IsBack);
        Assert.Equal(0, test.Changes);
        return test;
    }

    private static void AssertCalmAndBack(PressureScenario test)
    {
        Assert.True(test.LeastRoom > 0, $"the container's limit was passed by {-test.LeastRoom / MiB} MiB");
        Assert.True(test.MostPerMinute <= PressureRules.MostChangesPerMinute, $"{test.MostPerMinute} changes a minute");
        Assert.True(test.IsBack, $"the limit is {test.Caches[0].Effective / MiB} MiB");
        Assert.Equal(PressureEvent.Ended, test.Caches[0].Events[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_ramp_of_native_memory_is_made_room_for_and_given_back(bool isOfOthers)
    {
        PressureScenario test = OneCache();

        test.Run(100, at => Grow((long)(at * 3 * MiB)));
        Assert.InRange(test.Caches[0].Effective, 300 * MiB, 450 * MiB);
        Grow(0);
        test.Run(60);

        AssertCalmAndBack(test);
        Assert.InRange(test.Changes, 2, 40);

        void Grow(long bytes)
        {
            test.OtherBytes = isOfOthers ? bytes : 0;
            test.Process.NativeBytes = isOfOthers ? 0 : bytes;
        }
    }

    [Theory]
    [InlineData("/proc/self/cgroup")]
    [InlineData("/sys/fs/cgroup/app/memory.max")]
    [InlineData("/sys/fs/cgroup/app/memory.current")]
    public void While_the_containers_files_cannot_be_read_limits_stay_what_they_are(string file)
    {
        PressureScenario test = OneCache();
        test.Run(60, at => test.OtherBytes = (long)(at * 3 * MiB));
        (long effective, int changes) = (test.Caches[0].Effective, test.Changes);
        Assert.InRange(effective, 65 * MiB, 511 * MiB);

        test.HiddenFile = file;
        test.Run(300);
        Assert.Equal((effective, changes), (test.Caches[0].Effective, test.Changes));
        test.HiddenFile = null;
        test.OtherBytes = 0;
        test.Run(60);

        AssertCalmAndBack(test);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("0::/\n")]
    [InlineData("0::/app\n")]
    public void Files_that_never_could_be_read_are_not_missing(string? groups)
    {
        var process = new FakeProcess();
        var reader = new PressureReader(process.Memory);
        if (groups is not null)
        {
            process.Files["/proc/self/cgroup"] = groups;
        }

        for (int i = 0; i < 2; i++)
        {
            Assert.Empty(reader.Read(creditedBytes: 0, cameBytes: 0, withMachine: true));
            Assert.False(reader.IsIncomplete);
        }

        process.Files.Remove("/proc/self/cgroup");
        reader.Read(creditedBytes: 0, cameBytes: 0, withMachine: true);
        Assert.Equal(groups is not null, reader.IsIncomplete);
    }

    [Fact]
    public void A_container_that_loses_its_limit_in_place_has_none()
    {
        PressureScenario test = OneCache();
        test.Run(60, at => test.OtherBytes = (long)(at * 3 * MiB));
        Assert.False(test.IsBack);

        test.LimitBytes = 1L << 62;
        test.Run(60);

        Assert.True(test.IsBack);
    }

    [Fact]
    public void A_look_for_which_memory_is_too_short_is_left_out()
    {
        PressureScenario test = OneCache();
        test.Process.Settings = new BoundedCache.Process.CollectorSettings { HeapHardLimitBytes = 4096 * MiB };
        test.Run(50, at => (test.OtherBytes, test.Process.IsBroken) = ((long)(at * 3 * MiB), at is > 10 and < 20));

        Assert.InRange(test.Caches[0].UsedMemory, 250 * MiB, 511 * MiB);
        test.OtherBytes = 0;
        test.Run(60);
        AssertCalmAndBack(test);
    }

    [Theory]
    [InlineData(2000, 2)]
    [InlineData(30, 24)]
    public void Collections_that_only_look_for_room_in_the_heap_take_no_more_than_a_share_of_the_time(
        int pauseMilliseconds, int most)
    {
        PressureScenario test = OneCache(2048);
        test.Process.FullPause = TimeSpan.FromMilliseconds(pauseMilliseconds);
        test.Process.Settings = new BoundedCache.Process.CollectorSettings { HeapHardLimitBytes = 530 * MiB };
        test.Process.CollectBlocking();
        test.Run(10);
        Assert.False(test.IsBack);

        int releases = test.Releases.Count;
        test.FillPerSecond = 0;
        test.Run(120);

        Assert.InRange(test.Releases.Count - releases, 1, most);
    }

    [Theory]
    [InlineData(2, 0, false)]
    [InlineData(0, 2, false)]
    [InlineData(2, 0, true)]
    [InlineData(0, 2, true)]
    public void Where_memory_is_too_short_for_a_thread_or_for_evicting_it_is_tried_again(
        int runs, int evictions, bool isOther)
    {
        var cache = new FakeYieldingCache(512 * MiB)
        {
            EvictionFailure = isOther ? new InvalidTimeZoneException() : new InsufficientMemoryException(),
        };
        var test = new PressureScenario(768 * MiB, cache)
        {
            RunFailure = isOther ? new TaskSchedulerException() : new InsufficientMemoryException(),
        };
        test.Run(20);
        (test.FailingRuns, test.Caches[0].FailingEvictions) = (runs, evictions);

        test.Run(100, at => test.OtherBytes = (long)(at * 3 * MiB));
        Assert.True(test.FailingRuns < 0 && test.Caches[0].FailingEvictions < 0, "nothing failed");
        Assert.InRange(test.Caches[0].UsedMemory, 250 * MiB, 350 * MiB);
        test.OtherBytes = 0;
        test.Run(60);

        AssertCalmAndBack(test);
    }

    [Fact]
    public void What_is_told_follows_a_limit_that_is_raised_by_hand_meanwhile()
    {
        PressureScenario test = OneCache();
        test.Run(100, at => test.OtherBytes = (long)(at * 7 * MiB));
        FakeYieldingCache cache = test.Caches[0];
        Assert.Equal(64 * MiB, cache.Effective);

        // An eighth of the new limit is more than what pressure had left.
        cache.MaxMemory = 700 * MiB;

        Assert.Equal(cache.MaxMemory / 8, cache.Member.EffectiveBytes);
        Assert.Equal(cache.MaxMemory - (cache.MaxMemory / 8), cache.Member.Pressure!.YieldedBytes);
    }

    [Fact]
    public void An_interrupt_that_comes_late_from_code_of_a_user_ends_no_eviction()
    {
        var test = new PressureScenario(
            768 * MiB, new FakeYieldingCache(512 * MiB) { EvictionFailure = new ThreadInterruptedException() });
        test.Run(20);
        test.FillPerSecond = 0;
        test.Caches[0].FailingEvictions = 3;
        test.OtherBytes = test.LimitBytes - test.UsedBytes - (60 * MiB);

        test.Run(1.5);

        Assert.True(test.Caches[0].FailingEvictions < 0, "nothing failed");
        Assert.Equal(test.Caches[0].Effective, test.Caches[0].UsedMemory);
        Assert.Equal([PressureRelease.Gentle], test.Releases);
    }

    [Fact]
    public void While_the_pages_that_the_kernel_may_drop_cannot_be_read_nothing_falls_for_it()
    {
        PressureScenario test = OneCache();
        test.InactiveFileBytes = 200 * MiB;
        test.Run(10);

        test.HiddenFile = "/sys/fs/cgroup/app/memory.stat";
        test.Run(60);

        Assert.Equal(0, test.Changes);
    }

    [Fact]
    public void Where_the_pages_that_the_kernel_may_drop_never_could_be_read_all_that_is_used_counts()
    {
        var test = new PressureScenario(768 * MiB, new FakeYieldingCache(512 * MiB))
        {
            HiddenFile = "/sys/fs/cgroup/app/memory.stat",
        };
        test.Run(20);
        Assert.Equal(0, test.Changes);

        test.OtherBytes = 200 * MiB;
        test.Run(10);

        Assert.InRange(test.Caches[0].Effective, 64 * MiB, 511 * MiB);
    }

    [Fact]
    public void Ten_steps_and_back()
    {
        PressureScenario test = OneCache();

        test.Run(40, at => test.OtherBytes = (long)(at / 4) * 30 * MiB);
        test.Run(40, at => test.OtherBytes = (10 - (long)(at / 4)) * 30 * MiB);
        test.OtherBytes = 0;
        test.Run(60);

        AssertCalmAndBack(test);
    }

    [Fact]
    public void A_spike_that_fits_the_room_of_the_cache_is_survived_and_forgotten_within_a_minute()
    {
        PressureScenario test = OneCache();

        test.OtherBytes = 200 * MiB;
        test.Run(1.5);
        test.OtherBytes = 0;
        test.Run(60);

        AssertCalmAndBack(test);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(10)]
    [InlineData(40)]
    public void A_sawtooth_does_not_make_the_limit_swing_with_it(int period)
    {
        PressureScenario test = OneCache();

        test.Run(600, at => test.OtherBytes = (long)(at % period / period * 250) * MiB);
        test.OtherBytes = 0;
        test.Run(120);

        AssertCalmAndBack(test);
    }

    [Fact]
    public void A_neighbour_that_takes_what_becomes_free_leaves_the_cache_its_minimum()
    {
        PressureScenario test = OneCache();

        test.Run(300, _ => test.OtherBytes += Math.Max(
            0, Math.Min(10 * MiB, test.LimitBytes - test.UsedBytes - (10 * MiB))));
        Assert.Equal(test.Caches[0].MinMemory, test.Caches[0].Effective);
        test.OtherBytes = 0;
        test.Run(60);

        AssertCalmAndBack(test);
    }

    [Fact]
    public void Memory_that_others_take_without_a_write_to_the_cache_is_seen_by_the_timer()
    {
        PressureScenario test = OneCache();
        test.FillPerSecond = 0;

        test.OtherBytes = 200 * MiB;
        test.Run(3);

        Assert.True(test.Caches[0].Effective < 512 * MiB);
    }

    [Fact]
    public void A_limit_that_is_lowered_in_place_holds_and_may_be_raised_again()
    {
        PressureScenario test = OneCache();

        test.LimitBytes = 560 * MiB;
        test.Run(20);
        Assert.True(test.UsedBytes < test.LimitBytes);
        Assert.True(test.Caches[0].Effective < 512 * MiB);
        test.LimitBytes = 768 * MiB;
        test.Run(60);

        Assert.True(test.IsBack);
    }

    [Fact]
    public void Pages_of_files_that_the_kernel_may_drop_are_room()
    {
        PressureScenario test = OneCache();

        test.InactiveFileBytes = 200 * MiB;
        test.Run(60);

        Assert.Equal(0, test.Changes);
    }

    [Fact]
    public void A_hundred_caches_fall_in_proportion_to_what_each_holds_above_its_minimum()
    {
        FakeYieldingCache[] caches = [.. Enumerable.Range(1, 100).Select(static i =>
            new FakeYieldingCache(i * MiB / 10, i % 3 == 0 ? 0 : null))];
        var test = new PressureScenario(768 * MiB, caches);
        test.Run(60);
        Assert.True(test.IsBack);

        test.FillPerSecond = 0;
        test.OtherBytes = test.LimitBytes - test.UsedBytes - (20 * MiB);
        test.Run(1.5);
        double[] shares = [.. caches.Select(static cache =>
            (cache.MaxMemory - cache.Effective) / (double)(cache.MaxMemory - cache.MinMemory))];
        Assert.True(shares.Max() > 0.01);
        Assert.InRange(shares.Min(), shares.Max() * 0.95, shares.Max());
        test.FillPerSecond = 50 * MiB;
        test.OtherBytes = 0;
        test.Run(120);

        AssertCalmAndBack(test);
    }

    [Fact]
    public void Yielding_that_frees_nothing_stops_says_so_and_is_tried_again_later()
    {
        PressureScenario test = OneCache();
        test.FillPerSecond = 0;
        test.IsLeaking = true;

        test.OtherBytes = 190 * MiB;
        test.Run(50);
        long stopped = test.Caches[0].Effective;
        Assert.Contains(PressureEvent.Stopped, test.Caches[0].Events);
        Assert.True(test.Caches[0].Member.Pressure!.IsStopped);
        Assert.True(stopped > test.Caches[0].MinMemory);
        int changes = test.Changes;
        Assert.InRange(changes, 2, 3);

        test.Run(10);
        Assert.Equal(changes, test.Changes);
        test.Run(30);
        Assert.Equal(changes + 1, test.Changes);
        test.Run(90);
        Assert.Equal(changes + 1, test.Changes);
    }

    [Fact]
    public void A_limit_set_by_hand_meanwhile_holds()
    {
        PressureScenario test = OneCache();
        test.OtherBytes = 200 * MiB;
        test.Run(10);
        FakeYieldingCache cache = test.Caches[0];
        Assert.InRange(cache.Effective, 65 * MiB, 511 * MiB);

        cache.MaxMemory = 100 * MiB;
        Assert.Equal(100 * MiB, cache.Effective);
        cache.EvictDownToLimit();
        test.Run(10);
        Assert.True(test.IsBack);
        cache.MaxMemory = 512 * MiB;
        test.OtherBytes = 0;
        test.Run(60);

        AssertCalmAndBack(test);
    }

    [Fact]
    public void The_timer_exists_only_while_caches_hold_something()
    {
        var test = new PressureScenario(768 * MiB, new FakeYieldingCache(64 * MiB));
        Assert.False(test.Pressure.IsWatching);
        test.Run(2);
        Assert.True(test.Pressure.IsWatching);

        test.Caches[0].MaxMemory = MiB;
        test.Caches[0].EvictDownToLimit();
        test.Run(2);

        Assert.False(test.Pressure.IsWatching);
    }

    [Fact]
    public void A_cache_that_left_yields_no_more()
    {
        PressureScenario test = OneCache();
        test.Caches[0].Member.Leave();

        test.OtherBytes = 250 * MiB;
        test.Run(10);

        Assert.Equal(0, test.Changes);
    }

    [Fact]
    public void The_last_room_is_fetched_by_a_full_release_and_more_room_by_a_gentle_one()
    {
        PressureScenario test = OneCache();
        test.OtherBytes = test.LimitBytes - test.UsedBytes - (60 * MiB);
        test.Run(2);
        Assert.Equal(PressureRelease.Gentle, test.Releases[0]);

        test.OtherBytes += test.LimitBytes - test.UsedBytes - (5 * MiB);
        test.Run(4);

        Assert.Equal(PressureRelease.Full, test.Releases[^1]);
    }

    [Fact]
    public void The_heaps_hard_limit_counts_what_is_live()
    {
        PressureScenario test = OneCache(2048);
        test.Process.Settings = new BoundedCache.Process.CollectorSettings { HeapHardLimitBytes = 530 * MiB };
        test.Process.CollectBlocking();

        test.Run(10);

        CachePressure pressure = test.Caches[0].Member.Pressure!;
        Assert.Equal((MemoryPressureKind.Heap, 530 * MiB), (pressure.Kind, pressure.LimitBytes));
        Assert.InRange(test.Caches[0].Effective, 400 * MiB, 505 * MiB);
    }

    [Fact]
    public void What_came_since_the_last_collection_counts_of_the_heap_too()
    {
        var test = new PressureScenario(4096 * MiB, new FakeYieldingCache(96 * MiB)) { FillPerSecond = 40 * MiB };
        test.Process.Settings = new BoundedCache.Process.CollectorSettings { HeapHardLimitBytes = 96 * MiB };
        test.Process.CollectBlocking();
        test.Pressure.Look();

        test.Run(1.5);
        Assert.Null(test.Caches[0].Member.Pressure);
        test.Run(1.5);

        Assert.Equal(MemoryPressureKind.Heap, test.Caches[0].Member.Pressure?.Kind);
        Assert.InRange(test.Caches[0].UsedMemory, 1, 80 * MiB);
    }

    [Fact]
    public void Much_that_comes_at_once_is_looked_at_at_once()
    {
        PressureScenario test = OneCache();
        FakeYieldingCache cache = test.Caches[0];
        test.Run(2);
        test.OtherBytes = test.LimitBytes - test.UsedBytes - (60 * MiB);
        test.Write();

        for (int report = 1; report < 8; report++)
        {
            cache.Member.Report(cache.CameBytes + (report * PressureMember.LookEveryBytes));
            Assert.Null(cache.Member.Pressure);
        }

        cache.Member.Report(cache.CameBytes + (8 * PressureMember.LookEveryBytes));
        Assert.NotNull(cache.Member.Pressure);
    }

    [Fact]
    public void The_machine_counts_only_for_caches_that_ask_for_it()
    {
        var asks = new FakeYieldingCache(200 * MiB) { YieldsToMachine = true };
        var test = new PressureScenario(4096 * MiB, new FakeYieldingCache(200 * MiB), asks);
        test.Process.Files["/proc/meminfo"] = "MemTotal: 4194304 kB\nMemAvailable: 1048576 kB\n";
        test.Run(20);
        Assert.True(test.IsBack);

        test.Process.Files["/proc/meminfo"] = "MemTotal: 4194304 kB\nMemAvailable: 100000 kB\n";
        test.Run(5);

        Assert.Null(test.Caches[0].Member.Pressure);
        Assert.Equal(MemoryPressureKind.Machine, asks.Member.Pressure!.Kind);
    }

    [Fact]
    public void Where_those_that_ask_for_the_machine_have_given_all_the_others_yield_to_the_container_and_rise_again()
    {
        var asks = new FakeYieldingCache(32 * MiB) { YieldsToMachine = true };
        var test = new PressureScenario(768 * MiB, new FakeYieldingCache(400 * MiB), asks);
        test.Process.Files["/proc/meminfo"] = "MemTotal: 64000000 kB\nMemAvailable: 2000000 kB\n";
        test.Run(30);
        Assert.Equal(400 * MiB, test.Caches[0].Effective);
        Assert.Equal(MemoryPressureKind.Machine, asks.Member.Pressure!.Kind);

        test.OtherBytes = 300 * MiB;
        test.Run(30);
        Assert.InRange(test.Caches[0].Effective, 0, 390 * MiB);
        Assert.Equal(MemoryPressureKind.Container, test.Caches[0].Member.Pressure!.Kind);

        test.OtherBytes = 0;
        test.Run(120);
        Assert.Equal(400 * MiB, test.Caches[0].Effective);
        Assert.Null(test.Caches[0].Member.Pressure);
        Assert.Equal(MemoryPressureKind.Machine, asks.Member.Pressure!.Kind);
    }

    [Fact]
    public void Native_bytes_take_nothing_of_the_heaps_hard_limit()
    {
        PressureScenario test = Native(4096, 200, new FakeYieldingCache(512 * MiB) { IsNative = true });

        test.Run(20);

        Assert.Equal(512 * MiB, test.Caches[0].UsedMemory);
        Assert.Equal(0, test.Changes);
        Assert.Empty(test.Releases);
    }

    [Fact]
    public void For_the_heaps_limit_only_those_yield_whose_bytes_are_there()
    {
        PressureScenario test = Native(
            8192,
            210,
            new FakeYieldingCache(200 * MiB),
            new FakeYieldingCache(900 * MiB) { IsNative = true });

        test.Run(60);

        (FakeYieldingCache heap, FakeYieldingCache native) = (test.Caches[0], test.Caches[1]);
        Assert.Equal(MemoryPressureKind.Heap, heap.Member.Pressure?.Kind);
        Assert.InRange(heap.UsedMemory, heap.MinMemory, 190 * MiB);
        Assert.Null(native.Member.Pressure);
        Assert.Equal(900 * MiB, native.UsedMemory);
        Assert.DoesNotContain(PressureEvent.Stopped, heap.Events);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_heap_that_nobody_can_yield_for_hides_no_other_limit(bool isHeapCacheThere)
    {
        var native = new FakeYieldingCache(500 * MiB) { IsNative = true };
        PressureScenario test = Native(
            1024,
            200,
            isHeapCacheThere ? [native, new FakeYieldingCache(8 * MiB, minBytes: 8 * MiB)] : [native]);
        test.Run(20);
        Assert.Null(native.Member.Pressure);

        // The heap is full of what is no cache's, and the container comes near its limit later.
        test.Process.LiveBytes += 190 * MiB;
        test.Process.CollectBlocking();
        test.Run(5);
        Assert.Null(native.Member.Pressure);
        test.OtherBytes = test.LimitBytes - test.UsedBytes - (50 * MiB);
        test.Run(10);

        Assert.Equal(MemoryPressureKind.Container, native.Member.Pressure?.Kind);
        Assert.InRange(native.UsedMemory, native.MinMemory, 450 * MiB);
    }

    private static PressureScenario Native(long limit, long heap, params FakeYieldingCache[] caches)
    {
        var test = new PressureScenario(limit * MiB, caches);
        test.Process.Settings = new BoundedCache.Process.CollectorSettings { HeapHardLimitBytes = heap * MiB };
        test.Process.CollectBlocking();
        test.Pressure.Look();
        return test;
    }
}
