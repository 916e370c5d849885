using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace BoundedCache.Release;

/// <summary>Running what was asked for and what is owed. Only on the releaser's thread.</summary>
internal sealed partial class MemoryReleaser
{
    // Whether the gentle run under way ended early for a full one.
    private bool _madeWay;

    // What the run under way should bring.
    private long _admittedBytes;

    [SuppressMessage(
        "Design", "CA1031", Justification = "An exception here would end the process; the callers get it instead.")]
    private void Serve(Batch batch)
    {
        try
        {
            long startedAt = Stopwatch.GetTimestamp();
            _admittedBytes = 0;
            ReleaseRequest request = WaitForCallbacksAndClose(batch, startedAt, out bool callbacksFinished);
            ReleaseResult result = Run(request, batch, startedAt, callbacksFinished);
            foreach (IReleaseObserver observer in batch.Complete(result))
            {
                Tell(observer, new OwedEnd(
                    result, result.Duration, ReleaseObstacle.Cancelled, ReleaseObstacle.None, Tries: 0));
            }
        }
        catch (Exception exception)
        {
            lock (_lock)
            {
                _waiting = ReferenceEquals(_waiting, batch) ? null : _waiting;
            }

            List<ReleaseRequest> owed = batch.Owed;
            batch.Fail(exception);
            NoteFailure(owed, exception);
        }
    }

    /// <summary>
    /// Waits until what is owed can do its job, and runs it. Returns early where a request comes meanwhile, or to look
    /// again.
    /// </summary>
    [SuppressMessage(
        "Design", "CA1031", Justification = "It is logged and tried again; here it would end the process.")]
    private void LookAtOwed()
    {
        if (!_owed.IsReady)
        {
            _asked.Wait(_owed.NextLook);
            return;
        }

        try
        {
            Run(_owed.Take(), batch: null, Stopwatch.GetTimestamp(), callbacksFinished: true);
        }
        catch (Exception exception)
        {
            NoteFailure([], exception);
        }
    }

    private ReleaseResult Run(ReleaseRequest request, Batch? batch, long startedAt, bool callbacksFinished)
    {
        _admittedBytes = request.ExpectedBytes;
        List<ReleaseRequest> requests = batch?.Owed ?? [];
        ProcessMemorySnapshot before = _memory.TakeSnapshot();
        if (_throttle.Admit(ref request, before, out ReleaseObstacle obstacle) is string reason)
        {
            if (obstacle != ReleaseObstacle.None)
            {
                _owed.PutOff(requests, obstacle);
            }

            return ReleaseResult.None(ReleaseOutcome.Skipped, reason, before, before, startedAt);
        }

        if (batch is not null)
        {
            // It serves what is owed as well.
            request = request.WithOlder(_owed.TakeLeftBytes());
        }

        (_madeWay, _admittedBytes) = (false, request.ExpectedBytes);
        var run = new ReleaseRun(_memory, _thresholds, request, before)
        {
            WaitForFinalizers = () =>
                _finalizerWaiter.TryRun(_memory.Collector.WaitForPendingFinalizers, _thresholds.Finalizers),
            Pause = timeout => WaitForReasonToStop(batch, timeout),
            CallbacksFinished = callbacksFinished,
        };
        _owed.NoteBegin(requests);
        ReleaseResult result = run.Execute(startedAt);
        _throttle.NoteRun(request, run.LastCollection);
        return TellOwed(requests, new OwedRun(
            result,
            _madeWay ? ReleaseObstacle.FullRelease : run.Obstacle,
            run.ShortBytes,
            result.GCPause,
            run.StuckAfter)
        {
            RanAs = request,
        });
    }

    /// <summary>Tells whom the run served of releases that were owed, and its callers what is owed to them.</summary>
    private ReleaseResult TellOwed(List<ReleaseRequest> requests, OwedRun run)
    {
        List<(IReleaseObserver Observer, OwedEnd End)> ended = _owed.NoteRun(requests, run, out string announcement);
        foreach ((IReleaseObserver observer, OwedEnd end) in ended)
        {
            Tell(observer, end);
        }

        if (requests.Count == 0 && ended.Count == 0)
        {
            _owed.TellOne(run.Result, failure: null);
        }

        return announcement.Length == 0 ? run.Result : run.Result with
        {
            Reason = $"{run.Result.Reason} {announcement}",
        };
    }

    /// <summary>A failed run is owed as well: to its callers, who get the exception, and as before.</summary>
    private void NoteFailure(List<ReleaseRequest> requests, Exception exception)
    {
        ProcessMemorySnapshot now = TryTakeSnapshot();
        var result = ReleaseResult.None(
            ReleaseOutcome.Skipped,
            $"The release failed: {exception.Message}",
            now,
            now,
            Stopwatch.GetTimestamp());
        if (requests.Count == 0)
        {
            _owed.TellOne(result: null, exception);
        }

        TellOwed(requests, new OwedRun(
            result, ReleaseObstacle.Failure, _admittedBytes, Pause: TimeSpan.Zero));
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "A failure to read the process may be what is being reported.")]
    private ProcessMemorySnapshot TryTakeSnapshot()
    {
        try
        {
            return _memory.TakeSnapshot();
        }
        catch (Exception)
        {
            return new ProcessMemorySnapshot
            {
                IsResidentUnknown = true,
                Source = "nothing: reading the process failed",
            };
        }
    }

    private void Tell(IReleaseObserver observer, OwedEnd end) => Threads.Run(() => observer.OnEnded(end));

    /// <summary>Waits between the steps of a gentle run, and returns why it should stop, or null.</summary>
    private string? WaitForReasonToStop(Batch? batch, TimeSpan timeout)
    {
        long startedAt = Stopwatch.GetTimestamp();
        TimeSpan left = timeout;
        do
        {
            _asked.Wait(left);
            if (batch is { IsWanted: false } && _owed.IsEmpty)
            {
                return "nobody waits for it any more";
            }

            lock (_lock)
            {
                _asked.Reset();
                if (_waiting is not null && _waiting.WantsFull_NeedsLock())
                {
                    _madeWay = true;
                    return "a full release was asked for meanwhile";
                }
            }

            left = timeout - Stopwatch.GetElapsedTime(startedAt);
        }
        while (left > TimeSpan.Zero);
        return null;
    }
}
