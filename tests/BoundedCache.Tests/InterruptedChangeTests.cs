using BoundedCache.Pacing;
using BoundedCache.Release;
using BoundedCache.Tests.Bytes;
using BoundedCache.Tests.Pacing;
using BoundedCache.Tests.Process;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests;

/// <summary>
/// Threads that are interrupted while they change a limit, dispose or act under pressure: nothing is left half done.
/// </summary>
public sealed class InterruptedChangeTests
{
    [Fact]
    public void A_raise_holds_for_reports_and_for_entries()
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = 64 * MiB });
        Assert.True(cache.Engine.Lock.TryEnter());
        Interrupted.Endures(() => cache.MaxMemory = 100 * MiB, cache.Engine.Lock.Exit);

        Assert.Equal((100 * MiB, 100 * MiB), (cache.MaxMemory, cache.EffectiveMaxMemory));
    }

    [Fact]
    public void A_raise_of_a_byte_cache_holds_for_reports_and_for_entries()
    {
        using BoundedByteCache cache = ByteCacheSetup.Make(64 * MiB);
        Assert.True(cache.Engine.Lock.TryEnter());
        Interrupted.Endures(() => cache.MaxMemory = 100 * MiB, cache.Engine.Lock.Exit);

        Assert.Equal((100 * MiB, 100 * MiB), (cache.MaxMemory, cache.EffectiveMaxMemory));
    }

    [Fact]
    public void A_writer_on_whose_thread_limits_fall_is_not_told()
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = 64 * MiB });
        Assert.True(cache.Engine.Lock.TryEnter());
        Interrupted.Endures(() => ((IYieldingCache)cache).SetCap(20 * MiB, 100 * MiB), cache.Engine.Lock.Exit);

        Assert.Equal((64 * MiB, 20 * MiB), (cache.MaxMemory, cache.EffectiveMaxMemory));
    }

    [Fact]
    public void A_writer_on_whose_thread_the_limit_of_a_byte_cache_falls_is_not_told()
    {
        using BoundedByteCache cache = ByteCacheSetup.Make(64 * MiB);
        Assert.True(cache.Engine.Lock.TryEnter());
        Interrupted.Endures(() => ((IYieldingCache)cache).SetCap(20 * MiB, 100 * MiB), cache.Engine.Lock.Exit);

        Assert.Equal((64 * MiB, 20 * MiB), (cache.MaxMemory, cache.EffectiveMaxMemory));
    }

    [Fact]
    public void A_disposal_empties_the_cache()
    {
        var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = 64 * MiB });
        cache.Set("key", new byte[100]);
        Assert.True(cache.Engine.Lock.TryEnter());
        Interrupted.Endures(cache.Dispose, cache.Engine.Lock.Exit);

        Assert.Equal((0, 0), (cache.Count, cache.UsedMemory));
    }

    [Fact]
    public void A_cache_leaves_memory_pressure()
    {
        var clock = new Interrupted.Clock();
        var pressure = new MemoryPressure(
            new FakeProcess().Memory, clock, static work => work(), static (_, done) => done());
        var cache = new FakeYieldingCache(100 * MiB) { UsedMemory = 100 * MiB };
        PressureMember member = pressure.Join(cache);
        clock.Hold(pressure.Look);
        Interrupted.Endures(member.Leave, clock.Free);
        Assert.True(pressure.IsWatching);
        pressure.Look();

        Assert.False(pressure.IsWatching);
    }

    [Fact]
    public void The_end_of_a_release_under_pressure_lets_limits_rise()
    {
        var clock = new Interrupted.Clock();
        var process = new FakeProcess();
        Action? end = null;
        var pressure = new MemoryPressure(
            process.Memory, clock, static work => work(), (_, done) => end = done);
        var cache = new FakeYieldingCache(100 * MiB) { UsedMemory = 100 * MiB };
        cache.Member = pressure.Join(cache);
        process.Files["/proc/self/cgroup"] = "0::/app\n";
        process.Files["/sys/fs/cgroup/app/memory.max"] = $"{200 * MiB}\n";
        process.Files["/sys/fs/cgroup/app/memory.current"] = $"{195 * MiB}\n";
        pressure.Look();
        Assert.InRange(cache.Effective, 1, 99 * MiB);

        clock.Hold(pressure.Look);
        Interrupted.Endures(end!, clock.Free);
        process.Files["/sys/fs/cgroup/app/memory.current"] = $"{20 * MiB}\n";
        for (int i = 0; i < 60; i++)
        {
            clock.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(100 * MiB, cache.Member.EffectiveBytes);
    }

    [Fact]
    public void A_cache_leaves_the_idle_releaser()
    {
        var clock = new Interrupted.Clock();
        var process = new FakeProcess();
        var watch = new IdleReleaser(
            new MemoryReleaser(process.Memory, new ReleaseThresholds()), process.Memory, clock);
        var member = new IdleReleaser.Member
        {
            Interval = TimeSpan.FromMinutes(1),
            MinimumBytes = MiB,
            UsedBytes = static () => 0,
            OnReleased = static _ => { },
            OnFailed = static _ => { },
        };
        clock.Hold(() => watch.Join(member));
        Interrupted.Endures(() => watch.Leave(member), clock.Free);

        Assert.Equal(0, clock.Time.ActiveTimers);
    }
}
