namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// A time that a cache on the system's clock must know to have passed, however long a busy machine holds a thread up. A
/// cache may read the clock once in each tick of <see cref="Environment.TickCount64"/>, so this is the time at which a
/// thread last saw an earlier tick than the present one. For one thread.
/// </summary>
internal sealed class PassedTime
{
    private long _tick = -1;
    private long _seen;
    private long _passed;

    /// <summary>The time in UTC ticks.</summary>
    public long Read()
    {
        // The tick last: the cache, which reads the tick first, cannot have a time for a later tick that is earlier.
        long now = TimeProvider.System.GetUtcNow().UtcTicks;
        long tick = Environment.TickCount64;
        if (tick != _tick)
        {
            _passed = _seen;
        }

        (_tick, _seen) = (tick, now);
        return _passed;
    }
}
