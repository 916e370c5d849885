using BoundedCache.Tests.Pacing;
using BoundedCache.TestSupport;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>A byte cache in a process that runs short of memory, which is simulated.</summary>
public sealed class BytePressureTests
{
    [Fact]
    public void It_yields_down_to_an_eighth_says_why_and_comes_back()
    {
        var process = new PressureScenario(768 * MiB);
        using var log = new RecordingLog();
        using var cache = new BoundedByteCache(
            new BoundedByteCacheOptions { MaxMemory = 32 * MiB }, log, null, null, process.Pressure);
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
        Assert.Equal(["Yielded", "YieldingEnded"], log.Events.Distinct());
        Assert.Equal(1, log.Count("YieldingEnded"));
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData(60_000, 0)]
    [InlineData(10, 1_000)]
    [InlineData(10, 200_000)]
    public void What_comes_in_is_counted_with_keys_and_slack(int keyLength, int valueLength)
    {
        using BoundedByteCache cache = Make(4 * MiB);
        for (int i = 0; i < 200; i++)
        {
            // Half of them replace an entry.
            Assert.True(cache.Set(new string('k', keyLength - 3) + (100 + (i / 2)), Value(i, valueLength)));
        }

        long left = cache.GetSnapshot().Evictions.All.Bytes;
        Assert.True(cache.Engine.CameBytes > 200L * (keyLength + valueLength));
        Assert.InRange(cache.Engine.CameBytes, left, left + cache.UsedMemory);
        cache.Clear();
        Assert.Equal(cache.Engine.CameBytes, cache.Engine.CreditedBytes);
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
