using System.Runtime.CompilerServices;
using BoundedCache.Harness;
using BoundedCache.Tests.Sizing;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests;

/// <summary>A cache that is dropped without being disposed is collected, whatever was attached to it.</summary>
[Collection(HeapTests.Name)]
public sealed class DroppedCacheTests
{
    [Fact]
    public void A_cache_with_entries_is_collected() => AssertCollected(Drop(static cache => cache.Set("key", 1)));

    [Fact]
    public void A_cache_whose_scan_has_begun_is_collected() =>
        AssertCollected(Drop(static cache => cache.Set("key", 1, TimeSpan.FromHours(1))));

    [Fact]
    public void A_timer_of_the_system_ends_when_it_next_fires()
    {
        long before = Timer.ActiveCount;
        AssertCollected([.. Enumerable.Range(0, 50).SelectMany(static _ => Drop(
            static cache => cache.Set("key", 1, TimeSpan.FromHours(1)),
            static options => options.ExpirationScanFrequency = TimeSpan.FromMilliseconds(10)))]);

        Assert.True(
            Eventually.True(() => Timer.ActiveCount < before + 25), $"{Timer.ActiveCount} timers, {before} before");
    }

    [Fact]
    public void A_timer_of_another_clock_ends_when_it_next_fires()
    {
        var time = new ManualTimeProvider();
        AssertCollected(
            Drop(static cache => cache.Set("key", 1, TimeSpan.FromHours(1)), options => options.TimeProvider = time));

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, time.ActiveTimers);
    }

    [Fact]
    public void A_token_that_lives_on_keeps_no_cache()
    {
        using var source = new CancellationTokenSource();
        AssertCollected(Drop(cache => cache.Set("key", 1, new CancellationChangeToken(source.Token))));

        source.Cancel();
    }

    [Fact]
    public void A_meter_that_lives_on_keeps_no_cache()
    {
        using var meters = new MeterFactory();
        AssertCollected(Drop(static cache => cache.Set("key", 1), meters: meters));

        Assert.Single(meters.Meters);
    }

    [Fact]
    public void A_cache_that_was_shrunk_is_collected() => AssertCollected(Drop(static cache =>
    {
        cache.Set("key", 1);
        cache.MaxMemory = 1;
    }));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Drop(
        Action<BoundedMemoryCache> use,
        Action<BoundedMemoryCacheOptions>? configure = null,
        MeterFactory? meters = null)
    {
        var options = new BoundedMemoryCacheOptions();
        configure?.Invoke(options);
        var cache = new BoundedMemoryCache(options, null, meters);
        use(cache);
        return [new WeakReference(cache), new WeakReference(cache.Engine)];
    }

    private static void AssertCollected(WeakReference[] references) =>
        Assert.True(Eventually.Dead(references), "the cache is still alive");
}
