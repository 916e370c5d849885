using BoundedCache.Diagnostics;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Diagnostics;

public sealed class LogThrottleTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void The_first_of_each_type_passes_at_once()
    {
        var throttle = new LogThrottle(_time);

        Assert.True(throttle.TryPass(typeof(int), out long unlogged));
        Assert.True(throttle.TryPass(typeof(string), out _));
        Assert.Equal(0, unlogged);
    }

    [Fact]
    public void Then_one_passes_per_interval_with_the_number_of_those_between()
    {
        var throttle = new LogThrottle(_time);
        throttle.TryPass(typeof(int), out _);
        for (int i = 0; i < 5; i++)
        {
            Assert.False(throttle.TryPass(typeof(int), out _));
        }

        _time.Advance(LogThrottle.Interval - TimeSpan.FromTicks(1));
        Assert.False(throttle.TryPass(typeof(int), out _));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(throttle.TryPass(typeof(int), out long unlogged));
        Assert.Equal(6, unlogged);

        Assert.False(throttle.TryPass(typeof(int), out _));
        _time.Advance(LogThrottle.Interval);
        Assert.True(throttle.TryPass(typeof(int), out unlogged));
        Assert.Equal(1, unlogged);
    }

    [Fact]
    public void Of_callbacks_that_fail_at_the_same_time_every_one_is_logged_or_counted()
    {
        var throttle = new LogThrottle(_time);
        int passed = 0;
        Parallel.For(0, 1000, _ =>
        {
            if (throttle.TryPass(typeof(int), out long unlogged))
            {
                Interlocked.Increment(ref passed);
            }
        });
        _time.Advance(LogThrottle.Interval);
        throttle.TryPass(typeof(int), out long rest);

        Assert.Equal((1, 999), (passed, rest));
    }

    [Fact]
    public void A_cache_whose_callbacks_and_sizers_all_fail_logs_a_line_for_each_kind_and_minute()
    {
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(
            static options => options.AddSizer<byte[]>(static _ => -1)
                .AddSizer<int[]>(static _ => throw new InvalidTimeZoneException()), log);
        for (int minute = 0; minute < 2; minute++)
        {
            for (int i = 0; i < 50; i++)
            {
                object value = i % 2 == 0 ? new byte[1] : new int[1];
                test.Set("key", value, static entry =>
                    entry.RegisterPostEvictionCallback(static (_, _, _, _) => throw new InvalidTimeZoneException()));
            }

            test.TakeDepartures();
            test.Time.Advance(LogThrottle.Interval);
        }

        Assert.Equal(
            ["CallbackFailed", "CallbackFailed", "SizerFailed", "SizerFailed", "SizerFailed", "SizerFailed"],
            log.Events.Order(StringComparer.Ordinal));
        Assert.Single(log.Messages, static message =>
            message.Contains("callback", StringComparison.Ordinal)
            && message.Contains("; 48 like it", StringComparison.Ordinal));
        Assert.Equal(2, log.Messages.Count(static message => message.Contains("sizer", StringComparison.Ordinal)
            && message.Contains("(24 like it", StringComparison.Ordinal)));
    }
}
