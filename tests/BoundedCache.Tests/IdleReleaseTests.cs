using System.Runtime.CompilerServices;
using BoundedCache.TestSupport;

namespace BoundedCache.Tests;

/// <summary>A cache's part in idle releases.</summary>
public sealed class IdleReleaseTests
{
    private readonly ManualTimeProvider _time = new();

    private BoundedMemoryCache Cache(TimeSpan? interval) =>
        new(new BoundedMemoryCacheOptions
        {
            MaxMemory = 1_000_000,
            TimeProvider = _time,
            IdleReleaseInterval = interval,
        });

    [Fact]
    public void There_is_no_timer_unless_it_is_asked_for()
    {
        using BoundedMemoryCache cache = Cache(null);

        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public void Several_caches_have_one_timer_which_ends_with_the_last()
    {
        BoundedMemoryCache one = Cache(TimeSpan.FromHours(1));
        BoundedMemoryCache other = Cache(TimeSpan.FromHours(2));

        Assert.Equal(1, _time.ActiveTimers);
        one.Dispose();
        Assert.Equal(1, _time.ActiveTimers);
        other.Dispose();
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public void The_timer_of_a_cache_that_was_dropped_ends()
    {
        Assert.True(Eventually.Dead(Drop()));
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(0, _time.ActiveTimers);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference Drop() => new(Cache(TimeSpan.FromHours(1)));
}
