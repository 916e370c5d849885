using BoundedCache.Engine;

namespace BoundedCache.Tests.Faults;

/// <summary>Sizers and factories that throw, lie, call the cache or block.</summary>
public class FaultySizerTests : FaultTest
{
    [Fact]
    public void A_sizer_that_throws_is_logged_and_the_value_measured()
    {
        using BoundedMemoryCache cache = WithSizer(static _ => throw new NotSupportedException());
        cache.Set("a", new Sized());
        Assert.True(cache.TryGetValue("a", out _));
        Assert.InRange(cache.UsedMemory, 1, 500);
        Assert.Equal(1, Loggers.Count("SizerFailed"));
        InvariantChecker.Check(cache.Engine);
    }

    [Fact]
    public void A_negative_size_is_logged_and_the_value_measured()
    {
        using BoundedMemoryCache cache = WithSizer(static _ => -1);
        cache.Set("a", new Sized());
        Assert.InRange(cache.UsedMemory, 1, 500);
        Assert.Equal(1, Loggers.Count("SizerFailed"));
        InvariantChecker.Check(cache.Engine);
    }

    [Fact]
    public void A_size_beyond_all_bounds_is_refused_and_does_not_overflow()
    {
        using BoundedMemoryCache cache = WithSizer(static _ => long.MaxValue);
        cache.Set("a", new Sized());
        Assert.False(cache.TryGetValue("a", out _));
        Assert.Equal(0, cache.UsedMemory);

        cache.MaxMemory = long.MaxValue;
        for (int i = 0; i < 20; i++)
        {
            cache.Set(i, new Sized());
            Assert.InRange(cache.UsedMemory, 0, long.MaxValue);
        }

        InvariantChecker.Check(cache.Engine);
    }

    [Fact]
    public void A_sizer_may_call_the_cache()
    {
        Action<BoundedMemoryCache> call = static cache =>
        {
            cache.Set("from the sizer", "x");
            cache.Remove("gone");
            Assert.True(cache.TryGetValue("from the sizer", out _));
        };
        BoundedMemoryCache[] caches = new BoundedMemoryCache[1];
        using BoundedMemoryCache cache = caches[0] = WithSizer(_ =>
        {
            call(caches[0]);
            return 100;
        });
        cache.Set("gone", "x");
        cache.Set("a", new Sized());
        Assert.Equal(2, cache.Count);
        Assert.Equal(0, Loggers.Count("SizerFailed"));
        InvariantChecker.Check(cache.Engine);
    }

    [Fact]
    public void A_sizer_that_blocks_holds_up_nobody_else()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using BoundedMemoryCache cache = WithSizer(_ =>
        {
            entered.Set();
            release.Wait(Patience);
            return 100;
        });
        Task stuck = Task.Factory.StartNew(
            () => cache.Set("a", new Sized()),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Assert.True(entered.Wait(Patience));
        OnAnotherThread(() =>
        {
            cache.Set("b", "x");
            Assert.True(cache.TryGetValue("b", out _));
            cache.Clear();
        });
        Assert.False(stuck.IsCompleted);
        release.Set();
        Await(stuck);
        Assert.True(cache.TryGetValue("a", out _));
        InvariantChecker.Check(cache.Engine);
    }

    [Fact]
    public async Task A_factory_that_throws_stores_nothing()
    {
        Set("old");
        Assert.Throws<NotSupportedException>(
            () => Cache.GetOrCreate<string>("a", static _ => throw new NotSupportedException()));
        await Assert.ThrowsAsync<NotSupportedException>(
            () => Cache.GetOrCreateAsync<string>("b", static _ => throw new NotSupportedException()));
        CheckHolds(entries: 1, bytes: 10);
    }

    private BoundedMemoryCache WithSizer(Func<Sized, long> sizer) => new(
        new BoundedMemoryCacheOptions { MaxMemory = 100_000, ReleaseMode = ReleaseMode.None }.AddSizer(sizer), Loggers);

    private sealed class Sized;
}
