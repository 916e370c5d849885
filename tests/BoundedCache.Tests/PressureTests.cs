using BoundedCache.Pacing;
using BoundedCache.Tests.Release;
using BoundedCache.TestSupport;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests;

/// <summary>A real cache that yields before the limit of its container, whose files a test writes.</summary>
[Collection(ReleasingCache.Collection)]
public sealed class PressureTests
{
    private const string Group = "/sys/fs/cgroup/app/";

    private static void Limit(ReleasingCache test, long limitMiB, long usedMiB)
    {
        test.Process.Files["/proc/self/cgroup"] = "0::/app\n";
        test.Process.Files[Group + "memory.max"] = $"{limitMiB * MiB}\n";
        test.Process.Files[Group + "memory.current"] = $"{usedMiB * MiB}\n";
    }

    private static ReleasingCache Filled(RecordingLog? log = null, Action<BoundedMemoryCacheOptions>? configure = null)
    {
        var test = new ReleasingCache(
            options =>
            {
                options.MaxMemory = 400 * MiB;
                configure?.Invoke(options);
            },
            log);
        Limit(test, 1000, 500);
        for (int i = 0; i < 390; i++)
        {
            test.Set(i, 1, static entry => entry.Size = MiB);
        }

        return test;
    }

    private static void Look(ReleasingCache test)
    {
        test.Time.Advance(TimeSpan.FromSeconds(3));
        test.Pressure.Look();
    }

    [Fact]
    public void The_limit_that_holds_falls_entries_leave_in_their_order_and_everything_says_why()
    {
        var log = new RecordingLog();
        using ReleasingCache test = Filled(log);
        Limit(test, 1000, 990);

        Look(test);

        long effective = test.Cache.EffectiveMaxMemory;
        Assert.InRange(effective, 50 * MiB, 390 * MiB);
        Assert.Equal(400 * MiB, test.Cache.MaxMemory);
        Assert.True(Eventually.True(() => test.Cache.UsedMemory <= effective));
        Assert.False(test.Cache.TryGetValue(0, out _));
        Assert.True(test.Cache.TryGetValue(389, out _));
        CacheSnapshot snapshot = test.Cache.GetSnapshot();
        Assert.Equal((400 * MiB, effective, 1), (snapshot.MaxMemory, snapshot.EffectiveMaxMemory, snapshot.Yields));
        Assert.Equal(
            (MemoryPressureKind.Container, 1000 * MiB, 990 * MiB, (400 * MiB) - effective, false),
            (snapshot.Pressure!.Kind, snapshot.Pressure.LimitBytes, snapshot.Pressure.UsedBytes,
                snapshot.Pressure.YieldedBytes, snapshot.Pressure.IsStopped));
        Assert.Contains(
            log.Messages, static line => line.Contains("of the container's limit", StringComparison.Ordinal));

        MemoryReport report = MemoryReport.Capture(MemoryReportMode.Observe, test.Cache);
        Assert.Contains(report.Findings, static finding => finding.Cause == MemoryReportCause.MemoryPressure);
        Assert.Contains(
            report.Rows,
            static row => row.Kind == MemoryReportRowKind.Yielded && row.Bytes == 0 && row.Basis.Contains("limits"));
    }

    [Fact]
    public void With_room_the_whole_limit_holds_again()
    {
        var log = new RecordingLog();
        using ReleasingCache test = Filled(log);
        Limit(test, 1000, 990);
        Look(test);
        Assert.True(Eventually.True(() => test.Cache.UsedMemory <= test.Cache.EffectiveMaxMemory));
        Limit(test, 1000, 300);

        Assert.True(Eventually.True(() =>
        {
            Look(test);
            return test.Cache.EffectiveMaxMemory == 400 * MiB;
        }));

        Assert.Null(test.Cache.GetSnapshot().Pressure);
        Assert.Contains(log.Messages, static line => line.Contains("holds in full", StringComparison.Ordinal));
    }

    [Fact]
    public void An_entry_above_the_limit_that_holds_is_refused_for_capacity()
    {
        using ReleasingCache test = Filled();
        Limit(test, 1000, 999);
        Look(test);
        Look(test);
        Assert.True(test.Cache.EffectiveMaxMemory < 390 * MiB);

        test.Set("large", 391);

        Assert.False(test.Cache.TryGetValue("large", out _));
        Assert.Equal(1, test.Cache.GetSnapshot().RefusedTooLarge);
        Assert.True(Eventually.True(() => test.Cache.UsedMemory <= test.Cache.EffectiveMaxMemory));
    }

    [Fact]
    public async Task The_smaller_of_a_limit_set_by_hand_and_what_pressure_leaves_holds()
    {
        using ReleasingCache test = Filled();
        Limit(test, 1000, 990);
        Look(test);
        long effective = test.Cache.EffectiveMaxMemory;

        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(600 * MiB, ReleaseMode.None);
        Assert.Equal((400 * MiB, 600 * MiB), (report.OldMaxMemory, report.NewMaxMemory));
        Assert.Equal((600 * MiB, effective), (test.Cache.MaxMemory, test.Cache.EffectiveMaxMemory));

        await test.Cache.SetMaxMemoryAsync(80 * MiB, ReleaseMode.None);
        Assert.Equal((80 * MiB, 80 * MiB), (test.Cache.MaxMemory, test.Cache.EffectiveMaxMemory));
        Assert.InRange(test.Cache.UsedMemory, 0, 80 * MiB);
        Assert.Null(test.Cache.GetSnapshot().Pressure);
    }

    [Fact]
    public void A_limit_far_above_the_containers_leaves_the_cache_an_eighth_of_the_containers()
    {
        using ReleasingCache test = Filled(configure: static options => options.MaxMemory = 64L * 1024 * MiB);
        for (int i = 0; i < 40; i++)
        {
            Limit(test, 1000, 1000 - i);
            Look(test);
        }

        Assert.InRange(test.Cache.EffectiveMaxMemory, 125 * MiB, 135 * MiB);
        Assert.True(Eventually.True(() => test.Cache.UsedMemory <= test.Cache.EffectiveMaxMemory));
    }

    [Fact]
    public void What_a_charge_fell_by_did_not_leave_and_looks_at_the_limits_go_on()
    {
        using ReleasingCache test = Filled();
        List<byte[]> list = [new byte[8 * MiB]];
        test.Cache.Set("list", list);
        (long used, long came) = (test.Cache.UsedMemory, ((IYieldingCache)test.Cache).CameBytes);

        list.Clear();
        test.Cache.Remeasure("list");

        Assert.InRange(test.Cache.UsedMemory, 1, used - (8 * MiB));
        Assert.Equal(came, ((IYieldingCache)test.Cache).CameBytes);
    }

    [Fact]
    public void Pressure_leaves_a_cache_an_eighth_of_its_limit_whatever_that_is_now()
    {
        using ReleasingCache test = Filled();
        for (int i = 0; i < 40; i++)
        {
            Limit(test, 1000, 1000 - i);
            Look(test);
        }

        Assert.InRange(test.Cache.EffectiveMaxMemory, 50 * MiB, 60 * MiB);
        test.Cache.MaxMemory = 800 * MiB;
        Assert.Equal(100 * MiB, test.Cache.EffectiveMaxMemory);

        // Or of the container's limit, which is less.
        test.Cache.MaxMemory = 1600 * MiB;
        Assert.Equal(125 * MiB, test.Cache.EffectiveMaxMemory);
        Assert.True(Eventually.True(() => test.Cache.UsedMemory <= test.Cache.EffectiveMaxMemory));
    }

    [Fact]
    public void A_least_that_is_set_holds_up_to_the_limit()
    {
        using ReleasingCache test = Filled(configure: static options => options.MinMemory = 300 * MiB);
        for (int i = 0; i < 40; i++)
        {
            Limit(test, 1000, 1000 - i);
            Look(test);
        }

        Assert.InRange(test.Cache.EffectiveMaxMemory, 300 * MiB, 310 * MiB);
        test.Cache.MaxMemory = 100 * MiB;
        Assert.Equal(100 * MiB, test.Cache.EffectiveMaxMemory);
    }

    [Theory]
    [InlineData(false, EntrySizing.Measured)]
    [InlineData(true, EntrySizing.Declared)]
    public void A_cache_that_may_not_yield_does_not(bool mayYield, EntrySizing sizing)
    {
        using ReleasingCache test = Filled(
            configure: options => (options.YieldToMemoryPressure, options.Sizing) = (mayYield, sizing));
        Limit(test, 1000, 990);

        Look(test);

        Assert.Equal(400 * MiB, test.Cache.EffectiveMaxMemory);
    }

    [Fact]
    public void A_cache_may_be_disposed_while_it_yields()
    {
        using ReleasingCache test = Filled();
        BoundedMemoryCache other = test.Make(static options => options.MaxMemory = 100 * MiB);
        test.Set(other, "other", 90);
        Limit(test, 1000, 990);
        Look(test);
        Assert.True(other.EffectiveMaxMemory < 100 * MiB);

        other.Dispose();
        Limit(test, 1000, 300);
        Assert.True(Eventually.True(() =>
        {
            Look(test);
            return test.Cache.EffectiveMaxMemory == 400 * MiB;
        }));
    }
}
