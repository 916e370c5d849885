using System.Diagnostics;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>
/// The steps of one release: decide whether it is worth a collection, collect as was asked for, have the native
/// allocator give back what it holds where that is allowed, and judge. Used by the releaser's thread alone.
/// </summary>
internal sealed class ReleaseRun(ProcessMemory memory, ReleaseThresholds limits)
{
    private readonly TimedWorker _finalizerWaiter = new("BoundedCache finalizer wait");
    private readonly ReleaseAssessment _assessment = new(memory, limits);

    private readonly ReleaseThrottle _throttle = new(limits.StormWindow);

    // Expected by requests that were skipped: many small ones add up to a gain that is worth a run.
    private long _carriedBytes;

    // The collection that the last run ended with: what it left standing empty, another run would leave too.
    private long _lastIndex;

    /// <summary>How long a release that was put off has yet to wait; null where none is.</summary>
    public TimeSpan? DeferredFor => _throttle.Remaining;

    /// <summary>Takes the release that was put off.</summary>
    public ReleaseOrder? TakeDeferred() => _throttle.TakeDeferred();

    /// <summary>Runs a release.</summary>
    /// <param name="order">What was asked for.</param>
    /// <param name="startedAt">When the releaser turned to it, as a stopwatch's timestamp.</param>
    /// <param name="wait">Waits for a time, and answers why a gentle release should end early; null to go on.</param>
    public ReleaseResult Execute(ReleaseOrder order, long startedAt, Func<TimeSpan, string?> wait)
    {
        var pauses = new PauseMeter(memory.Collector);
        ProcessMemorySnapshot before = memory.TakeSnapshot();
        order = order with
        {
            ExpectedBytes = long.MaxValue - _carriedBytes < order.ExpectedBytes
                ? long.MaxValue
                : order.ExpectedBytes + _carriedBytes,
        };
        if (ReasonToSkip(order, before) is string reason)
        {
            _carriedBytes = order.ExpectedBytes;
            return Result(new ReleaseVerdict(ReleaseOutcome.Skipped, reason, []), before, 0);
        }

        _carriedBytes = 0;
        ReleaseMeasurement measurement;
        IReadOnlyList<string> account = [];
        if (order.IsFull)
        {
            measurement = CollectFully(order, before, pauses);
        }
        else
        {
            var gentle = new GentleRelease(memory, limits, order, before, pauses, wait);
            measurement = gentle.Run(WaitForFinalizers);
            account = gentle.Account;
        }

        NativeTrim? trim = order.TrimNative ? TrimNative(ref measurement) : null;
        _lastIndex = measurement.Collection.Index;
        _throttle.Ran(order);
        return Result(_assessment.Decide(measurement, account, trim), measurement.After, measurement.Collections);

        ReleaseResult Result(ReleaseVerdict verdict, ProcessMemorySnapshot last, int collections) => new()
        {
            Outcome = verdict.Outcome,
            Reason = verdict.Reason,
            Advice = verdict.Advice,
            Before = before,
            After = last,
            GCPause = pauses.Total,
            LongestPause = pauses.Longest,
            Collections = collections,
            Duration = Stopwatch.GetElapsedTime(startedAt),
        };
    }

    /// <summary>
    /// One aggressive collection, and once more where finalizers or another collection got in the way.
    /// </summary>
    private ReleaseMeasurement CollectFully(ReleaseOrder order, ProcessMemorySnapshot before, PauseMeter pauses)
    {
        IGarbageCollector collector = memory.Collector;
        long indexBefore = collector.ReadLastFullBlocking().Index;
        pauses.Measure(collector.CollectAggressively);
        ReleaseMeasurement measurement = Gather(1);
        bool finalizersHold = measurement.FinalizersHold;
        if (finalizersHold)
        {
            measurement = measurement with { FinalizersStuck = !WaitForFinalizers() };
        }

        // The region may have begun while the finalizers were waited for.
        if ((finalizersHold || WasSwallowed(measurement, indexBefore)) && !collector.IsInNoGCRegion)
        {
            bool stuck = measurement.FinalizersStuck;
            pauses.Measure(collector.CollectAggressively);
            measurement = Gather(2) with { FinalizersStuck = stuck };
        }

        return measurement;

        ReleaseMeasurement Gather(int collections) => new()
        {
            Order = order,
            Reference = order.Baseline ?? before,
            After = memory.TakeSnapshot(),
            Collection = collector.ReadLastFullBlocking(),
            Collections = collections,
        };
    }

    private bool WaitForFinalizers() =>
        _finalizerWaiter.TryRun(memory.Collector.WaitForPendingFinalizers, limits.Finalizers);

    private NativeTrim? TrimNative(ref ReleaseMeasurement measurement)
    {
        if (measurement.NativeBytes < limits.NativeTrimBytes)
        {
            return null;
        }

        long startedAt = Stopwatch.GetTimestamp();
        bool isSupported = memory.Allocator.TryTrim();
        TimeSpan duration = Stopwatch.GetElapsedTime(startedAt);
        long occupied = measurement.OccupiedBytes;
        measurement = measurement with { After = memory.TakeSnapshot() };
        return new NativeTrim(isSupported, occupied - measurement.OccupiedBytes, duration);
    }

    private string? ReasonToSkip(ReleaseOrder order, ProcessMemorySnapshot before)
    {
        if (!order.Wanted)
        {
            return "Nobody waits for the release any more.";
        }

        if (memory.Collector.IsInNoGCRegion)
        {
            return "The process is in a no-GC region, which a collection would end.";
        }

        long minimum = Math.Max(limits.MinimumGainBytes, before.CommittedBytes / limits.MinimumGainDivisor);
        if (order.Forced || order.WasDeferred)
        {
            return null;
        }

        if (order.ExpectedBytes >= minimum || HasKnownGap())
        {
            if (!_throttle.IsTooSoon(
                ReleaseThresholds.IsLarge(order.ExpectedBytes, ReleaseMeasurement.Occupied(before))))
            {
                return null;
            }

            _throttle.Defer(order);
            return "Memory was released a moment ago; one release follows for all further changes, "
                + $"in {_throttle.Remaining!.Value.TotalSeconds:0.0} s at the latest.";
        }

        return $"Only {ByteSize.Format(order.ExpectedBytes)} could be expected back; a collection is worth its pause "
            + $"from {ByteSize.Format(minimum)} on.";
    }

    private bool HasKnownGap()
    {
        GCReading last = memory.Collector.ReadLast();
        return last.Index != _lastIndex && limits.IsKnownGap(last.CommittedBytes - last.LiveBytes, last.LiveBytes);
    }

    /// <summary>
    /// Whether another thread's collection took the place of the aggressive one. The collector is content when any
    /// blocking collection of the whole heap ended meanwhile, and only an aggressive one gives the emptied memory back:
    /// so a heap that stands clearly empty, without pins to explain it, was not collected aggressively.
    /// </summary>
    private static bool WasSwallowed(ReleaseMeasurement measurement, long indexBefore)
    {
        GCReading last = measurement.Collection;
        return last.Index <= indexBefore
            || last.Generation < GC.MaxGeneration
            || !last.Compacted
            || last.Concurrent
            || (measurement.IsHeapIdle && !measurement.IsPinned);
    }
}
