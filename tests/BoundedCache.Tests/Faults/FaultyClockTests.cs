using BoundedCache.Diagnostics;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Tests.Faults;

/// <summary>A clock that throws where nobody called the cache.</summary>
public sealed class FaultyClockTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_scan_that_fails_is_logged_once_and_the_next_one_tries_again()
    {
        using var log = new RecordingLog();
        var time = new Clock();
        var options = new BoundedMemoryCacheOptions
        {
            MaxMemory = 1_000_000,
            TimeProvider = time,
            ExpirationScanFrequency = TimeSpan.FromHours(1),
        };
        using var cache = new BoundedMemoryCache(options, log);
        cache.Set("due", 1, TimeSpan.FromMinutes(1));
        time.IsFailing = true;
        Assert.True(SpinWait.SpinUntil(() => UseAnHourLater() && time.Failures >= 3, s_patience));
        Assert.Equal(1, log.Count("ScanFailed"));
        time.IsFailing = false;
        Assert.True(SpinWait.SpinUntil(() => UseAnHourLater() && cache.Count == 0, s_patience));

        bool UseAnHourLater()
        {
            time.Now += TimeSpan.FromHours(1);
            return !cache.TryGetValue("none", out _);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_write_for_which_the_clock_throws_stores_nothing(bool ofTimers)
    {
        var time = new CallersClock();
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = 1_000_000,
            TimeProvider = time,
        });
        TimeSpan? expiration = ofTimers ? TimeSpan.FromMinutes(1) : null;
        if (!ofTimers)
        {
            // From now on every use looks at the time.
            cache.Set("expires", 1, TimeSpan.FromMinutes(1));
        }

        int before = cache.Count;
        (time.HasNoTimers, time.HasNoTime) = (ofTimers, !ofTimers);
        ICacheEntry entry = cache.CreateEntry("key");
        (entry.Value, entry.AbsoluteExpirationRelativeToNow) = (1, expiration);
        Assert.Throws<NotSupportedException>(entry.Dispose);
        Assert.Throws<NotSupportedException>(() => cache.GetOrCreate("made", made =>
        {
            made.AbsoluteExpirationRelativeToNow = expiration;
            return 1;
        }));
        Assert.Equal((before, 0), (cache.Count, cache.Engine.Pending.Count));
        (time.HasNoTimers, time.HasNoTime) = (false, false);
        Assert.False(cache.TryGetValue("key", out _) || cache.TryGetValue("made", out _));

        cache.Set("key", 2, TimeSpan.FromMinutes(1));
        Assert.Equal(2, cache.Get("key"));
        BoundedCache.Engine.InvariantChecker.Check(cache.Engine);
    }

    [Fact]
    public void A_setting_for_which_there_is_no_timer_is_not_applied()
    {
        var time = new CallersClock();
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = 1_000_000,
            TimeProvider = time,
        });
        ICacheEntry entry = cache.CreateEntry("key");
        entry.Value = 1;
        entry.Dispose();
        time.HasNoTimers = true;
        Assert.Throws<NotSupportedException>(
            () => entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1));
        Assert.False(cache.Engine.HasExpiring);

        // The next setting brings it along.
        time.HasNoTimers = false;
        entry.Priority = CacheItemPriority.High;
        Assert.True(cache.Engine.HasExpiring);
    }

    [Fact]
    public void Where_the_clock_of_intervals_throws_a_line_of_each_kind_is_logged()
    {
        var throttle = new LogThrottle(new BrokenClock());

        Assert.True(throttle.TryPass(typeof(int), out _));
        Assert.False(throttle.TryPass(typeof(int), out _));
        Assert.True(throttle.TryPass(typeof(long), out _));
    }

    [Fact]
    public void A_timer_that_cannot_be_ended_keeps_no_cache_from_its_end()
    {
        var time = new EndlessTimers();
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection().Build();
        ServiceProvider provider = new ServiceCollection()
            .AddBoundedMemoryCache(
                configuration.GetSection("a"), options => (options.MaxMemory, options.TimeProvider) = (1 << 20, time))
            .AddKeyedBoundedMemoryCache("second", static options => options.MaxMemory = 1 << 20)
            .AddKeyedBoundedByteCache(
                "bytes",
                options => (options.MaxMemory, options.TimeProvider) = (1 << 20, time),
                configuration.GetSection("b"))
            .BuildServiceProvider();
        IBoundedCache[] caches = [.. provider.GetRequiredService<BoundedMemoryCacheRegistry>().Caches];
        ((BoundedMemoryCache)caches[0]).Set("key", new byte[1000], TimeSpan.FromHours(1));
        ((BoundedMemoryCache)caches[1]).Set("key", new byte[1000]);
        ((BoundedByteCache)caches[2]).Set(
            "key", new byte[1000], new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromHours(1) });
        configuration.Reload();
        Assert.Equal(4, time.Timers);

        Assert.ThrowsAny<Exception>(provider.Dispose);

        Assert.All(caches, static cache => Assert.Equal((0, 0), (cache.Count, cache.UsedMemory)));
        Assert.All(caches, static cache => Assert.Throws<ObjectDisposedException>(cache.Clear));
        Assert.Equal(4, time.Ended);
    }

    private sealed class EndlessTimers : TimeProvider
    {
        public int Timers { get; private set; }

        public int Ended { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers++;
            return new Endless(this);
        }

        private sealed class Endless(EndlessTimers owner) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
                owner.Ended++;
                throw new NotSupportedException("The timer does not end.");
            }

            public ValueTask DisposeAsync() => throw new NotSupportedException("The timer does not end.");
        }
    }

    /// <summary>A clock that can fail its callers.</summary>
    private sealed class CallersClock : TimeProvider
    {
        public bool HasNoTimers { get; set; }

        public bool HasNoTime { get; set; }

        public override DateTimeOffset GetUtcNow() => HasNoTime
            ? throw new NotSupportedException("There is no time.")
            : DateTimeOffset.UnixEpoch;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            HasNoTimers
                ? throw new NotSupportedException("There are no timers.")
                : base.CreateTimer(callback, state, dueTime, period);
    }

    private sealed class BrokenClock : TimeProvider
    {
        public override long GetTimestamp() => throw new NotSupportedException();
    }

    private sealed class Clock : TimeProvider
    {
        private readonly int _caller = Environment.CurrentManagedThreadId;
        private int _failures;

        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public volatile bool IsFailing;

        public int Failures => Volatile.Read(ref _failures);

        public override DateTimeOffset GetUtcNow()
        {
            if (IsFailing && Environment.CurrentManagedThreadId != _caller)
            {
                Interlocked.Increment(ref _failures);
                throw new NotSupportedException("The clock stands still.");
            }

            return Now;
        }
    }
}
