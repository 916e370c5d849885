using Microsoft.Extensions.Time.Testing;

namespace BoundedCache.TestSupport;

/// <summary>
/// A clock that stands still until a test moves it. Its timers fire on the thread that moves it. Unlike
/// <see cref="FakeTimeProvider"/> it counts timers, so that tests see whether a cache leaves one behind.
/// </summary>
public sealed class ManualTimeProvider() : FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
{
    private readonly Lock _lock = new();

    /// <summary>Keeps timers alive: the base class would stop one that is dropped without being disposed.</summary>
    private readonly List<CountedTimer> _timers = [];

    /// <summary>Timers that were created and are not disposed.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new CountedTimer(this, base.CreateTimer(callback, state, dueTime, period));
        lock (_lock)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    private sealed class CountedTimer(ManualTimeProvider owner, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            timer.Dispose();
            lock (owner._lock)
            {
                owner._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
