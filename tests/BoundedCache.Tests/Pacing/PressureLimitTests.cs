using BoundedCache.Pacing;
using BoundedCache.Process;
using BoundedCache.Tests.Process;
using BoundedCache.TestSupport;
using static BoundedCache.Tests.Pacing.PressureScenario;

namespace BoundedCache.Tests.Pacing;

/// <summary>
/// Caches of unusual limits and numbers under pressure, releases that take time, and what is known between collections.
/// </summary>
public sealed class PressureLimitTests
{
    [Theory]
    [InlineData(8L * 1024 * MiB)]
    [InlineData(long.MaxValue)]
    public void A_cache_whose_limit_does_not_fit_the_container_yields_down_to_an_eighth_of_the_containers(long maxBytes)
    {
        var test = new PressureScenario(1024 * MiB, new FakeYieldingCache(maxBytes));

        test.Run(60);
        Assert.True(test.LeastRoom > 0, $"the container's limit was passed by {-test.LeastRoom / MiB} MiB");
        test.FillPerSecond = 0;
        test.Run(100, at => test.OtherBytes = (long)(at * 9 * MiB));

        Assert.Equal(128 * MiB, test.Caches[0].Effective);
    }

    [Fact]
    public void A_cache_whose_limit_does_not_fit_the_container_rises_again_as_far_as_there_is_room()
    {
        var test = new PressureScenario(1024 * MiB, new FakeYieldingCache(64L * 1024 * MiB, minBytes: 0));
        test.Run(60, at => test.OtherBytes = (long)(at * 10 * MiB));
        Assert.InRange(test.Caches[0].UsedMemory, 0, 350 * MiB);

        test.OtherBytes = 0;
        test.Run(180);

        Assert.InRange(test.Caches[0].UsedMemory, 600 * MiB, 1024 * MiB);
        Assert.True(test.LeastRoom > 0);
    }

    [Fact]
    public void Many_caches_of_which_each_is_small_yield_too()
    {
        FakeYieldingCache[] caches = [.. Enumerable.Range(0, 100).Select(static _ =>
            new FakeYieldingCache(19 * MiB / 10))];
        var test = new PressureScenario(256 * MiB, caches) { FillPerSecond = MiB / 5 };
        test.Run(15, at => test.OtherBytes = (long)(at * 2 * MiB));

        Assert.True(test.Pressure.IsWatching);
        Assert.NotNull(caches[0].Member.Pressure);
        Assert.True(test.LeastRoom > 0);
    }

    [Fact]
    public void Limits_as_large_as_a_number_can_be_and_as_much_in_the_caches_overflow_nothing()
    {
        FakeYieldingCache[] caches = [new(long.MaxValue, minBytes: 0), new(long.MaxValue, minBytes: 0)];
        var test = new PressureScenario(1024 * MiB, caches);
        foreach (FakeYieldingCache cache in caches)
        {
            cache.UsedMemory = long.MaxValue - 10;
        }

        test.OtherBytes = 950 * MiB;
        test.Write();
        test.Pressure.Look();

        Assert.All(caches, static cache => Assert.NotNull(cache.Member.Pressure));
    }

    [Fact]
    public void While_a_release_runs_limits_fall_again_after_some_seconds_only_and_do_not_rise()
    {
        var test = new PressureScenario(768 * MiB, new FakeYieldingCache(512 * MiB));
        test.Run(20);
        test.FillPerSecond = 0;
        test.ReleaseSeconds = 20;
        test.OtherBytes = test.LimitBytes - test.UsedBytes - (60 * MiB);

        test.Run(5.5);
        Assert.Equal(1, test.Changes);
        Assert.Equal([PressureRelease.Gentle], test.Releases);
        test.Run(2);
        Assert.Equal(2, test.Changes);
        long effective = test.Caches[0].Effective;

        test.OtherBytes = 0;
        test.Run(10);
        Assert.Equal((effective, 2), (test.Caches[0].Effective, test.Changes));
        test.Run(60);
        Assert.True(test.IsBack);
    }

    [Fact]
    public void While_a_release_runs_no_collection_is_asked_for_to_see_whether_there_is_room()
    {
        var test = new PressureScenario(2048 * MiB, new FakeYieldingCache(512 * MiB));
        test.Run(20);
        test.Process.Settings = new CollectorSettings { HeapHardLimitBytes = 530 * MiB };
        test.Process.CollectBlocking();
        test.Run(10);
        Assert.False(test.IsBack);
        test.FillPerSecond = 0;
        test.ReleaseSeconds = 1000;
        int releases = test.Releases.Count;

        test.Run(60);

        Assert.InRange(test.Releases.Count, releases, releases + 1);
    }

    [Fact]
    public void What_young_collections_found_dead_is_not_subtracted_again()
    {
        var process = new FakeProcess { LiveBytes = 980 * MiB, LargeLiveBytes = 300 * MiB };
        process.Settings = new CollectorSettings
        {
            HeapHardLimitBytes = 1000 * MiB,
            SmallObjectLimitBytes = 690 * MiB,
            LargeObjectLimitBytes = 310 * MiB,
        };
        process.CollectBlocking();
        var reader = new PressureReader(process.Memory);
        reader.Read(creditedBytes: 0, cameBytes: 500 * MiB, withMachine: false);

        // One entry, replaced by others of its size.
        process.CollectYoung(0);
        Assert.Equal([980, 680, 300], Used(reader.Read(60 * MiB, 560 * MiB, withMachine: false)));

        // Entries left: they are dead, wherever they were.
        Assert.Equal([930, 630, 250], Used(reader.Read(110 * MiB, 560 * MiB, withMachine: false)));
        Assert.Equal([950, 650, 270], Used(reader.Read(110 * MiB, 580 * MiB, withMachine: false)));

        static long[] Used(IReadOnlyList<MemoryUse> uses) => [.. uses.Select(static use => use.UsedBytes / MiB)];
    }

    [Fact]
    public void What_left_a_cache_counts_when_another_one_that_had_seen_more_leave_is_disposed()
    {
        var other = new FakeYieldingCache(100 * MiB);
        var test = new PressureScenario(4096 * MiB, new FakeYieldingCache(400 * MiB), other)
        {
            Collects = static () => { },
        };
        test.Process.Settings = new CollectorSettings { HeapHardLimitBytes = 576 * MiB };
        test.FillPerSecond = 100 * MiB;
        test.Run(4);
        other.MaxMemory = 1;
        other.EvictDownToLimit();
        test.Write();
        test.Process.CollectBlocking();
        test.Run(2);
        Assert.True(test.IsBack);
        other.Member.Leave();

        // No collection ends meanwhile.
        test.FillPerSecond = 0;
        test.Process.LiveBytes += 145 * MiB;
        test.Process.CollectYoung(1);
        test.Run(10);

        Assert.Single(test.Caches[0].Events);
    }

    [Fact]
    public void What_a_disposed_cache_held_is_dead()
    {
        var other = new FakeYieldingCache(200 * MiB);
        var test = new PressureScenario(4096 * MiB, new FakeYieldingCache(300 * MiB), other)
        {
            Collects = static () => { },
        };
        test.Process.Settings = new CollectorSettings { HeapHardLimitBytes = 576 * MiB };
        test.Run(20);
        test.Process.CollectBlocking();
        test.Pressure.Look();
        test.FillPerSecond = 0;
        Assert.True(test.IsBack);

        other.Member.Leave();
        test.Process.LiveBytes += 50 * MiB;
        test.Process.CollectYoung(1);
        test.Run(10);

        Assert.Equal(0, test.Changes);
    }

    private static PressureScenario ShortHeap(bool isStopped)
    {
        var test = new PressureScenario(4096 * MiB, new FakeYieldingCache(400 * MiB));
        test.Process.Settings = new CollectorSettings { HeapHardLimitBytes = 576 * MiB };
        test.Process.CollectBlocking();
        test.Pressure.Look();
        test.Run(10);
        Assert.True(test.IsBack);
        test.FillPerSecond = 0;
        test.IsLeaking = isStopped;
        test.Process.LiveBytes += OthersBytes(isStopped);
        test.Process.CollectBlocking();
        test.Run(20);
        Assert.Equal(isStopped, test.Caches[0].Member.Pressure!.IsStopped);
        Assert.Equal(!isStopped, test.Caches[0].Effective == test.Caches[0].MinMemory);
        return test;
    }

    private static long OthersBytes(bool isStopped) => (isStopped ? 160 : 500) * MiB;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Room_that_other_code_made_in_the_heap_is_seen_also_where_nothing_is_evicted_any_more(bool isStopped)
    {
        PressureScenario test = ShortHeap(isStopped);
        long effective = test.Caches[0].Effective;

        // It is dead, and nobody else collects.
        test.Process.LiveBytes -= OthersBytes(isStopped);
        test.Process.DeadBytes += OthersBytes(isStopped);
        test.Run(20);

        Assert.InRange(test.Caches[0].Effective, effective + MiB, long.MaxValue);
    }

    [Theory]
    [InlineData(2000, 2)]
    [InlineData(30, 24)]
    public void Collections_that_look_for_room_where_nothing_is_evicted_any_more_take_a_share_of_the_time(
        int pauseMilliseconds, int most)
    {
        PressureScenario test = ShortHeap(isStopped: false);
        test.Process.FullPause = TimeSpan.FromMilliseconds(pauseMilliseconds);
        test.Process.CollectBlocking();
        test.Run(10);
        int releases = test.Releases.Count;

        test.Run(120);

        Assert.InRange(test.Releases.Count - releases, 1, most);
    }

    [Fact]
    public void Where_memory_is_too_short_for_a_timer_the_writer_does_not_fail()
    {
        var time = new NoTimers();
        var process = new FakeProcess();
        var pressure = new MemoryPressure(process.Memory, time, static work => work(), static (_, done) => done());
        var cache = new FakeYieldingCache(512 * MiB);
        PressureMember member = cache.Member = pressure.Join(cache);
        pressure.Look();

        cache.UsedMemory = 100 * MiB;
        member.Report(2 * MiB);
        Assert.Equal(1, time.Failures);
        Assert.False(pressure.IsWatching);

        time.IsShort = false;
        member.Report(100 * MiB);
        Assert.True(pressure.IsWatching);
    }

    private sealed class NoTimers : TimeProvider
    {
        private readonly ManualTimeProvider _time = new();

        public bool IsShort { get; set; } = true;

        public int Failures { get; private set; }

        public override long TimestampFrequency => _time.TimestampFrequency;

        public override long GetTimestamp() => _time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Failures += IsShort ? 1 : 0;
            return IsShort
                ? throw new InsufficientMemoryException()
                : _time.CreateTimer(callback, state, dueTime, period);
        }
    }
}
