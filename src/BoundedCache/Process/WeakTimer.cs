using System.Diagnostics;

namespace BoundedCache.Process;

/// <summary>
/// A timer that keeps neither its owner nor the caller's execution context alive. A clock keeps a timer until it is
/// stopped. When the owner has been collected, the timer stops itself at its next tick.
/// </summary>
/// <remarks>
/// Thread-safe. No tick begins after <see cref="Stop"/> has returned; a tick that began before is not waited for.
/// Ticks overlap where one takes longer than the period.
/// </remarks>
internal sealed class WeakTimer<TOwner>
    where TOwner : class
{
    private readonly WeakReference<TOwner> _owner;
    private readonly Action<TOwner> _onTick;
    private readonly ITimer _timer;
    private volatile bool _isStopped;

    /// <summary>Starts the timer.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="owner">The object that the timer works for; held weakly.</param>
    /// <param name="onTick">A static method or lambda: one that captures the owner would keep it alive.</param>
    /// <param name="dueTime">The time until the first tick.</param>
    /// <param name="period">The time between ticks; <see cref="Timeout.InfiniteTimeSpan"/> for a single tick.</param>
    public WeakTimer(TimeProvider time, TOwner owner, Action<TOwner> onTick, TimeSpan dueTime, TimeSpan period)
    {
        Debug.Assert(!ReferenceEquals(onTick.Target, owner), "The timer would keep its owner alive.");
        _owner = new WeakReference<TOwner>(owner);
        _onTick = onTick;
        using (ExecutionContext.SuppressFlow())
        {
            _timer = time.CreateTimer(static state => ((WeakTimer<TOwner>)state!).Tick(), this, dueTime, period);
        }

        // Keeps the owner alive until the field above is set: a tick that finds no owner needs it.
        GC.KeepAlive(owner);
    }

    /// <summary>Changes when the timer ticks. Has no effect after <see cref="Stop"/>.</summary>
    public void Change(TimeSpan dueTime, TimeSpan period) => _timer.Change(dueTime, period);

    /// <summary>Ends the timer.</summary>
    public void Stop()
    {
        _isStopped = true;
        _timer.Dispose();
    }

    private void Tick()
    {
        if (_isStopped)
        {
            return;
        }

        if (_owner.TryGetTarget(out TOwner? owner))
        {
            _onTick(owner);
        }
        else
        {
            Stop();
        }
    }
}
