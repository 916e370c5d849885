using System.Diagnostics;
using System.Globalization;
using BoundedCache.Process;
using BoundedCache.Report;

namespace BoundedCache.Release;

/// <summary>
/// Decides whether a release runs now. One that would bring little is skipped, and its bytes are remembered. Where many
/// small changes follow each other, the later ones are put off: each would stop the process, and one release at the
/// end returns as much. Used only by the releaser's thread.
/// </summary>
internal sealed class ReleaseThrottle(IGarbageCollector collector, ReleaseThresholds thresholds)
{
    private const int MostInWindow = 2;

    private readonly Queue<long> _ended = new();
    private long _lastEnded;

    // Expected by requests that did not run. Many small requests add up to a gain that is worth a run.
    private long _carriedBytes;

    // The collection that ended the last run. Another run would leave the same memory empty.
    private long _lastCollection;

    /// <summary>The time until a release that was put off is due.</summary>
    public TimeSpan WindowLeft
    {
        get
        {
            TimeSpan left = thresholds.StormWindow - Stopwatch.GetElapsedTime(_lastEnded);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Whether a release runs now.</summary>
    /// <param name="request">The request; the bytes of requests that did not run are added to it.</param>
    /// <param name="before">The process now.</param>
    /// <param name="obstacle">
    /// What it is put off for; <see cref="ReleaseObstacle.None"/> where it runs, or is left undone.
    /// </param>
    /// <returns>Null where it runs; otherwise the reason, as a sentence.</returns>
    public string? Admit(ref ReleaseRequest request, ProcessMemorySnapshot before, out ReleaseObstacle obstacle)
    {
        request = request.WithOlder(_carriedBytes);
        string? reason = ReasonToSkip(request, before, out obstacle);
        _carriedBytes = reason is null ? 0 : request.ExpectedBytes;
        return reason;
    }

    /// <summary>
    /// Notes that a release ran. A forced release does not count as one of many in a row.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="lastCollection">The number of the collection that it ended with.</param>
    public void NoteRun(ReleaseRequest request, long lastCollection)
    {
        _lastCollection = lastCollection;
        if (!request.Forced)
        {
            _lastEnded = Stopwatch.GetTimestamp();
            _ended.Enqueue(_lastEnded);
        }
    }

    private string? ReasonToSkip(
        ReleaseRequest request, ProcessMemorySnapshot before, out ReleaseObstacle obstacle)
    {
        obstacle = ReleaseObstacle.None;
        if (request.Mode == ReleaseMode.None)
        {
            return "Nobody waits for the release any more.";
        }

        if (collector.IsInNoGCRegion)
        {
            obstacle = ReleaseObstacle.NoGCRegion;
            return "The process is in a no-GC region, which a collection would end."
                + (request.IsOwed ? " " + OwedRelease.Announce(obstacle) : "");
        }

        if (request.Forced || request.WasDeferred)
        {
            return null;
        }

        long minimum = Math.Max(thresholds.MinimumGainBytes, before.CommittedBytes / thresholds.MinimumGainDivisor);
        if (request.ExpectedBytes < minimum && !request.IsGainUnknown && !HasKnownGap())
        {
            return $"Only {ByteSize.Format(request.ExpectedBytes)} could be expected back; a collection is worth its "
                + $"pause from {ByteSize.Format(minimum)} on.";
        }

        if (!IsTooSoon(ReleaseThresholds.IsLarge(request.ExpectedBytes, ReleaseMeasurement.Occupied(before))))
        {
            return null;
        }

        obstacle = ReleaseObstacle.Storm;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Memory was released a moment ago; one release follows for all further changes, "
                + $"in {WindowLeft.TotalSeconds:0.0} s at the latest.");
    }

    private bool IsTooSoon(bool isLarge)
    {
        while (_ended.TryPeek(out long ended) && Stopwatch.GetElapsedTime(ended) >= thresholds.StormWindow)
        {
            _ended.Dequeue();
        }

        return _ended.Count >= (isLarge ? MostInWindow : 1);
    }

    private bool HasKnownGap()
    {
        GCReading last = collector.ReadLast();
        return last.Index != _lastCollection
            && thresholds.IsKnownGap(
                IdleHeap.From(in last, last.CommittedBytes - last.LiveBytes).ReclaimableBytes, last.LiveBytes);
    }
}
