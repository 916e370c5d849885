using BoundedCache.Tests.Pacing;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>A byte cache in a process that runs short of memory, which is simulated.</summary>
public sealed class BytePressureTests
{
    [Fact]
    public void It_yields_down_to_an_eighth_says_why_and_comes_back()
    {
        var process = new PressureScenario(768 * MiB);
        using var cache = new BoundedByteCache(
            new BoundedByteCacheOptions { MaxMemory = 32 * MiB }, null, null, null, process.Pressure);
        for (int i = 0; i < 40_000; i++)
        {
            cache.Set($"k{i}", Value(i, 1000));
        }

        process.Run(60, _ => process.OtherBytes = (690 * MiB) + cache.UsedMemory);
        CacheSnapshot under = cache.GetSnapshot();

        Assert.Equal(32 * MiB, cache.MaxMemory);
        Assert.Equal(4 * MiB, cache.EffectiveMaxMemory);
        Assert.InRange(cache.UsedMemory, 1, 4 * MiB);
        Assert.NotNull(under.Pressure);
        Assert.True(under.Yields > 0);
        Assert.Equal(28 * MiB, under.Pressure.YieldedBytes);

        process.Run(120, _ => process.OtherBytes = cache.UsedMemory);
        Assert.Equal(32 * MiB, cache.EffectiveMaxMemory);
        Assert.Null(cache.GetSnapshot().Pressure);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void One_that_does_not_yield_keeps_its_limit()
    {
        var process = new PressureScenario(768 * MiB);
        var options = new BoundedByteCacheOptions { MaxMemory = 32 * MiB, YieldToMemoryPressure = false };
        using var cache = new BoundedByteCache(options, null, null, null, process.Pressure);
        for (int i = 0; i < 40_000; i++)
        {
            cache.Set($"k{i}", Value(i, 1000));
        }

        process.Run(60, _ => process.OtherBytes = (690 * MiB) + cache.UsedMemory);

        Assert.Equal(32 * MiB, cache.EffectiveMaxMemory);
        Assert.Null(cache.GetSnapshot().Pressure);
        cache.Engine.CheckInvariants();
    }
}
