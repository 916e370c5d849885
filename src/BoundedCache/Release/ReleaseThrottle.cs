using System.Diagnostics;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>
/// Decides whether a release runs now. One that would bring little is skipped, and its bytes are remembered. Where many
/// small changes follow each other the later ones are put off: each would stop the process, for what one release at the
/// end gives back as well. Used by the releaser's thread alone.
/// </summary>
internal sealed class ReleaseThrottle(IGarbageCollector collector, ReleaseThresholds thresholds)
{
    private const int MostInWindow = 2;

    private readonly Queue<long> _ended = new();
    private long _lastEnded;
    private ReleaseRequest? _deferred;

    // Expected by requests that did not run: many small ones add up to a gain that is worth a run.
    private long _carriedBytes;

    // The collection that the last run ended with: what it left standing empty, another run would leave too.
    private long _lastCollection;

    /// <summary>How long a release that was put off has yet to wait; null where none is.</summary>
    public TimeSpan? Remaining => _deferred is null ? null : WindowLeft();

    /// <summary>Whether a release runs now.</summary>
    /// <param name="request">What is asked for; the bytes of requests that did not run are added to it.</param>
    /// <param name="before">The process now.</param>
    /// <returns>Null where it runs, and else why not, as a sentence.</returns>
    public string? Admit(ref ReleaseRequest request, ProcessMemorySnapshot before)
    {
        request = request with { ExpectedBytes = ReleaseRequest.AddSaturating(request.ExpectedBytes, _carriedBytes) };
        string? reason = ReasonToSkip(request, before);
        _carriedBytes = reason is null ? 0 : request.ExpectedBytes;
        return reason;
    }

    /// <summary>
    /// Notes that a release ran: it served those that had been put off as well. What a person asked for does not
    /// count as one of many in a row.
    /// </summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="lastCollection">The number of the collection that it ended with.</param>
    public void NoteRun(ReleaseRequest request, long lastCollection)
    {
        _lastCollection = lastCollection;
        _deferred = null;
        if (!request.Forced)
        {
            _lastEnded = Stopwatch.GetTimestamp();
            _ended.Enqueue(_lastEnded);
        }
    }

    /// <summary>What was put off; afterwards nothing is.</summary>
    public ReleaseRequest? TakeDeferred()
    {
        ReleaseRequest? request = _deferred;
        _deferred = null;
        return request;
    }

    private string? ReasonToSkip(ReleaseRequest request, ProcessMemorySnapshot before)
    {
        if (request.Mode == ReleaseMode.None)
        {
            return "Nobody waits for the release any more.";
        }

        if (collector.IsInNoGCRegion)
        {
            return "The process is in a no-GC region, which a collection would end.";
        }

        if (request.Forced || request.WasDeferred)
        {
            return null;
        }

        long minimum = Math.Max(thresholds.MinimumGainBytes, before.CommittedBytes / thresholds.MinimumGainDivisor);
        if (request.ExpectedBytes < minimum && !HasKnownGap())
        {
            return $"Only {ByteSize.Format(request.ExpectedBytes)} could be expected back; a collection is worth its "
                + $"pause from {ByteSize.Format(minimum)} on.";
        }

        if (!IsTooSoon(ReleaseThresholds.IsLarge(request.ExpectedBytes, ReleaseMeasurement.Occupied(before))))
        {
            return null;
        }

        Defer(request);
        return "Memory was released a moment ago; one release follows for all further changes, "
            + $"in {WindowLeft().TotalSeconds:0.0} s at the latest.";
    }

    private bool IsTooSoon(bool isLarge)
    {
        while (_ended.TryPeek(out long ended) && Stopwatch.GetElapsedTime(ended) >= thresholds.StormWindow)
        {
            _ended.Dequeue();
        }

        return _ended.Count >= (isLarge ? MostInWindow : 1);
    }

    /// <summary>
    /// Puts a release off until the window has passed, together with those that were put off before. Its bytes are
    /// carried, and no caller waits for it.
    /// </summary>
    private void Defer(ReleaseRequest request)
    {
        var later = new ReleaseRequest
        {
            ExpectedBytes = 0,
            Mode = request.Mode,
            TrimNative = request.TrimNative,
            WasDeferred = true,
        };
        _deferred = _deferred?.Combine(later) ?? later;
    }

    private bool HasKnownGap()
    {
        GCReading last = collector.ReadLast();
        return last.Index != _lastCollection
            && thresholds.IsKnownGap(last.CommittedBytes - last.LiveBytes, last.LiveBytes);
    }

    private TimeSpan WindowLeft()
    {
        TimeSpan left = thresholds.StormWindow - Stopwatch.GetElapsedTime(_lastEnded);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
