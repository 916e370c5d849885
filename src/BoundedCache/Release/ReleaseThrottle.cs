using System.Diagnostics;

namespace BoundedCache.Release;

/// <summary>
/// The count of recent releases, which puts further ones off where many small changes follow each other: each would
/// stop the process, for what one release at the end gives back as well. Used by the releaser's thread alone.
/// </summary>
internal sealed class ReleaseThrottle(TimeSpan window)
{
    private const int MostInWindow = 2;

    private readonly Queue<long> _ended = new();
    private long _lastEnded;
    private ReleaseOrder? _deferred;

    /// <summary>How long a release that was put off has yet to wait; null where none is.</summary>
    public TimeSpan? Remaining => _deferred is null ? null : Left();

    /// <summary>Whether a release should come later.</summary>
    /// <param name="isLarge">Whether its gain is large, beside the process.</param>
    public bool IsTooSoon(bool isLarge)
    {
        while (_ended.TryPeek(out long ended) && Stopwatch.GetElapsedTime(ended) >= window)
        {
            _ended.Dequeue();
        }

        return _ended.Count >= (isLarge ? MostInWindow : 1);
    }

    /// <summary>
    /// Notes that a release ran, which served those that had been put off too. What somebody asked for in
    /// person is no part of a storm.
    /// </summary>
    public void Ran(in ReleaseOrder order)
    {
        _deferred = null;
        if (!order.Forced)
        {
            _lastEnded = Stopwatch.GetTimestamp();
            _ended.Enqueue(_lastEnded);
        }
    }

    /// <summary>Puts a release off until the window has passed, together with those that were put off before.</summary>
    public void Defer(in ReleaseOrder order) => _deferred = new ReleaseOrder
    {
        Wanted = true,
        CallbacksFinished = true,
        WasDeferred = true,
        IsFull = order.IsFull || _deferred is { IsFull: true },
        TrimNative = order.TrimNative || _deferred is { TrimNative: true },
    };

    /// <summary>What was put off; afterwards nothing is.</summary>
    public ReleaseOrder? TakeDeferred()
    {
        ReleaseOrder? order = _deferred;
        _deferred = null;
        return order;
    }

    private TimeSpan Left()
    {
        TimeSpan left = window - Stopwatch.GetElapsedTime(_lastEnded);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
