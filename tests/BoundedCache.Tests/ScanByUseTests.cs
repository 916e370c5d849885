using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

/// <summary>Expired entries under a clock whose timers do not follow it.</summary>
public sealed class ScanByUseTests : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromHours(1);

    private readonly Clock _time = new();
    private readonly BoundedMemoryCache _cache;
    private readonly List<(object Key, EvictionReason Reason, bool OnPool)> _gone = [];
    private readonly SemaphoreSlim _told = new(0);

    public ScanByUseTests() => _cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
    {
        MaxMemory = 1_000_000,
        TimeProvider = _time,
        ExpirationScanFrequency = s_interval,
    });

    public static TheoryData<string> Uses => [.. s_uses.Keys];

    private static readonly Dictionary<string, Action<BoundedMemoryCache>> s_uses = new()
    {
        ["a miss"] = static cache => Assert.False(cache.TryGetValue("none", out _)),
        ["a miss of another key"] = static cache => Assert.False(cache.TryGetValue(("no", "ne"), out _)),
        ["a miss by characters"] = static cache => Assert.False(cache.TryGetValue("none".AsSpan(), out object? _)),
        ["a hit of an entry that expires"] = static cache => Assert.True(cache.TryGetValue("later", out _)),
        ["a hit of an entry that slides"] = static cache => Assert.True(cache.TryGetValue("sliding", out _)),
        ["a write"] = static cache => cache.Set("new", 1),
        ["a write of an entry that expires"] = static cache => cache.Set("new", 1, TimeSpan.FromDays(1)),
        ["a write by way of a builder"] = static cache => cache.CreateEntry("new").SetValue(1).Dispose(),
        ["a removal"] = static cache => cache.Remove("none"),
    };

    public void Dispose()
    {
        _cache.Dispose();
        _told.Dispose();
    }

    [Theory]
    [MemberData(nameof(Uses))]
    public void Uses_start_a_scan_when_the_interval_has_passed(string use)
    {
        Store("due", entry => entry.SetAbsoluteExpiration(TimeSpan.FromMinutes(1)));
        Store("later", entry => entry.SetAbsoluteExpiration(TimeSpan.FromDays(9)));
        Store("sliding", entry => entry.SetSlidingExpiration(TimeSpan.FromDays(9)));
        _time.Now += s_interval - TimeSpan.FromTicks(1);
        s_uses[use](_cache);
        Assert.Empty(_gone);
        _time.Now += TimeSpan.FromTicks(1);
        s_uses[use](_cache);

        Assert.True(_told.Wait(TimeSpan.FromSeconds(30)));
        Assert.Equal([("due", EvictionReason.Expired, true)], _gone);
        Assert.True(_cache.TryGetValue("later", out _));
    }

    [Fact]
    public void A_clock_that_was_put_back_starts_a_scan_instead_of_none_until_it_catches_up()
    {
        Store("due", entry => entry.SetAbsoluteExpiration(TimeSpan.FromMinutes(1)));
        _time.Now -= TimeSpan.FromDays(1);
        Store("later", entry => entry.SetAbsoluteExpiration(TimeSpan.FromMinutes(1)));
        _time.Now += TimeSpan.FromMinutes(2);
        Assert.True(SpinWait.SpinUntil(
            () => !_cache.TryGetValue("none", out _) && _told.Wait(10), TimeSpan.FromSeconds(30)));

        Assert.Equal("later", Assert.Single(_gone).Key);
    }

    [Fact]
    public void A_scan_comes_after_each_interval()
    {
        for (int i = 0; i < 5; i++)
        {
            Store(i, static entry => entry.SetAbsoluteExpiration(TimeSpan.FromMinutes(1)));
            _time.Now += s_interval;
            _cache.TryGetValue("none", out _);
            Assert.True(_told.Wait(TimeSpan.FromSeconds(30)));
        }

        Assert.Equal(5, _gone.Count);
    }

    [Fact]
    public void An_expiration_that_is_set_later_is_watched_too()
    {
        ICacheEntry entry = Store("due");
        entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1);
        _time.Now += s_interval;
        _cache.TryGetValue("none", out _);

        Assert.True(_told.Wait(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void A_cache_in_which_nothing_expires_does_not_look_at_the_time()
    {
        Store("stays");
        int looks = _time.Looks;
        UseAll();
        Assert.Equal(looks, _time.Looks);

        // Nor one in which nothing expires any more, once a scan has seen that.
        Store("due", entry => entry.SetAbsoluteExpiration(TimeSpan.FromMinutes(1)));
        _time.Now += s_interval;
        _cache.Compact(0);
        Assert.True(_told.Wait(TimeSpan.FromSeconds(30)));
        looks = _time.Looks;
        UseAll();
        Assert.Equal(looks, _time.Looks);

        void UseAll()
        {
            foreach (string use in (string[])["a miss", "a write", "a removal"])
            {
                s_uses[use](_cache);
            }

            Assert.True(_cache.TryGetValue("stays", out _));
        }
    }

    [Fact]
    public void One_scan_runs_at_a_time()
    {
        using var asked = new CountdownEvent(1);
        using var gate = new ManualResetEventSlim();
        int scans = 0;
        var token = new Faults.Token { Polled = true };
        Store("asked", entry => entry.AddExpirationToken(token));
        token.OnAsk = () =>
        {
            Interlocked.Increment(ref scans);
            asked.Signal();
            gate.Wait(TimeSpan.FromSeconds(30));
        };
        _time.Now += s_interval;
        _cache.TryGetValue("none", out _);
        Assert.True(asked.Wait(TimeSpan.FromSeconds(30)));
        for (int i = 0; i < 10; i++)
        {
            _time.Now += s_interval;
            _cache.TryGetValue("none", out _);
        }

        Assert.Equal(1, scans);
        gate.Set();
    }

    private ICacheEntry Store(object key, Action<ICacheEntry>? describe = null)
    {
        ICacheEntry entry = _cache.CreateEntry(key);
        entry.Value = key;
        entry.RegisterPostEvictionCallback((evicted, _, reason, _) =>
        {
            _gone.Add((evicted, reason, Thread.CurrentThread.IsThreadPoolThread));
            _told.Release();
        });
        describe?.Invoke(entry);
        entry.Dispose();
        return entry;
    }

    /// <summary>A clock that only tells the time: its timers are the system's.</summary>
    private sealed class Clock : TimeProvider
    {
        private int _looks;

        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public int Looks => Volatile.Read(ref _looks);

        public override DateTimeOffset GetUtcNow()
        {
            Interlocked.Increment(ref _looks);
            return Now;
        }
    }
}
