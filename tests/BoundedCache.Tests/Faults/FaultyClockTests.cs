using BoundedCache.Diagnostics;
using BoundedCache.TestSupport;

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

    [Fact]
    public void Where_the_clock_of_intervals_throws_a_line_of_each_kind_is_logged()
    {
        var throttle = new LogThrottle(new BrokenClock());

        Assert.True(throttle.TryPass(typeof(int), out _));
        Assert.False(throttle.TryPass(typeof(int), out _));
        Assert.True(throttle.TryPass(typeof(long), out _));
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
