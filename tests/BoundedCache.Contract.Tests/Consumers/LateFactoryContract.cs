using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// Libraries that store a <see cref="Lazy{T}"/> and run the factory when it is read, after the entry was stored: the
/// factory gets the builder of the stored entry.
/// </summary>
public abstract class LateFactoryContract(CacheKind kind) : CacheContract(kind)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_absolute_expiration(bool linked)
    {
        Setup = new() { TrackLinkedCacheEntries = linked };
        int made = 0;
        int Get() => GetOrAdd("key", entry =>
        {
            entry.AbsoluteExpiration = Now + Minute;
            return ++made;
        });
        Assert.Equal((1, 1), (Get(), Get()));
        Time.Advance(Minute);

        Assert.Equal(2, Get());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_relative_expiration_in_an_asynchronous_factory(bool linked)
    {
        Setup = new() { TrackLinkedCacheEntries = linked };
        int made = 0;
        Task<int> GetAsync() => GetOrAddAsync("key", async entry =>
        {
            await Task.Yield();
            entry.AbsoluteExpirationRelativeToNow = Minute;
            return ++made;
        });
        Assert.Equal((1, 1), (await GetAsync(), await GetAsync()));
        Time.Advance(Minute);

        Assert.Equal(Differs(Deviations.LateExpirationCounts, memoryCache: 1, bounded: 2), await GetAsync());
    }

    [Fact]
    public void A_sliding_expiration()
    {
        int made = 0;
        int Get() => GetOrAdd("key", entry =>
        {
            entry.SlidingExpiration = Minute;
            return ++made;
        });
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(1, Get());
            Time.Advance(Minute / 2);
        }

        Time.Advance(Minute / 2);
        Assert.Equal(2, Get());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_callback_and_a_token_in_an_asynchronous_factory(bool linked)
    {
        Setup = new() { TrackLinkedCacheEntries = linked };
        using var source = new CancellationTokenSource();
        await GetOrAddAsync("key", async entry =>
        {
            await Task.Yield();
            entry.RegisterPostEvictionCallback(Departures.Record);
            entry.AddExpirationToken(new CancellationChangeToken(source.Token));
            return 1;
        });
        Assert.True(Has("key"));
        await source.CancelAsync();
        Assert.False(Has("key"));

        Assert.Equal(EvictionReason.TokenExpired, Departures.TakeOne().Reason);
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_default_expiration_that_the_factory_replaces()
    {
        int made = 0;
        int Get() => Cache.GetOrCreate("key", entry =>
        {
            entry.SetOptions(new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = Minute });
            return new Lazy<int>(() =>
            {
                entry.SetAbsoluteExpiration(Now + (3 * Minute));
                return ++made;
            });
        })!.Value;
        Get();
        Time.Advance(2 * Minute);
        Assert.Equal(1, Get());
        Time.Advance(Minute);

        Assert.Equal(2, Get());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_lock_that_must_never_be_removed_is_held_under_pressure(bool linked)
    {
        Setup = new() { TrackLinkedCacheEntries = linked };
        int others = 0;
        bool ran = PerformWithLock("lock", 100 * Minute, () =>
        {
            for (int i = 0; i < 2000; i++)
            {
                Cache.Set(i, new byte[100_000]);
            }

            Tested.Compact(0.5);
            others += PerformWithLock("lock", Minute, static () => { }) ? 1 : 0;
        });

        Assert.Equal((true, 0), (ran, others));
        Assert.True(PerformWithLock("lock", Minute, static () => { }));
    }

    /// <summary>Entries that a thread reads before the one that stores them is done.</summary>
    [Fact]
    public async Task A_factory_that_another_thread_runs_as_soon_as_the_entry_is_there()
    {
        for (int round = 0; round < 200; round++)
        {
            int key = round;
            using var both = new Barrier(2);
            int GetAfterSignal()
            {
                both.SignalAndWait();
                return GetOrAdd(key, entry =>
                {
                    entry.AbsoluteExpiration = Now + Minute;
                    return 1;
                });
            }

            Task<int> other = Task.Run(GetAfterSignal);
            GetAfterSignal();
            Assert.Equal(1, await other);
        }

        Time.Advance(Minute);
        Assert.All(Enumerable.Range(0, 200), key => Assert.False(Has(key)));
    }

    private T GetOrAdd<T>(object key, Func<ICacheEntry, T> factory) =>
        Cache.GetOrCreate(key, entry => new Lazy<T>(() => factory(entry)))!.Value;

    private Task<T> GetOrAddAsync<T>(object key, Func<ICacheEntry, Task<T>> factory) =>
        Cache.GetOrCreate(key, entry => new Lazy<Task<T>>(() => factory(entry)))!.Value;

    private bool PerformWithLock(string key, TimeSpan expiration, Action action)
    {
        bool isMine = false;
        try
        {
            _ = Cache.GetOrCreate(key, entry => new Lazy<CancellationTokenSource>(() =>
            {
                entry.AbsoluteExpirationRelativeToNow = expiration;
                entry.SetPriority(CacheItemPriority.NeverRemove);
                isMine = true;
                return new CancellationTokenSource();
            }, isThreadSafe: true))!.Value;
            if (isMine)
            {
                action();
            }
        }
        finally
        {
            if (isMine)
            {
                Cache.Remove(key);
            }
        }

        return isMine;
    }

    public sealed class OnMemoryCache() : LateFactoryContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : LateFactoryContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : LateFactoryContract(CacheKind.ScanResistant);
}
