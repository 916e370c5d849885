using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>
/// The only queue of the process for returning memory to the operating system. One run at a time, on a background
/// thread of its own that exists while there is work.
/// </summary>
/// <remarks>
/// <para>
/// Coalescing: at most one batch waits. A request joins it until the run closes it, right before its collection. A
/// later request may have made garbage that the collection has not seen, so it waits in the next batch, with all others
/// like it. So simultaneous requests cost the run that was under way and one more. <see cref="ReleaseThrottle"/> slows
/// down requests in a row. A gentle run, which takes seconds, ends early where a caller waits for a full one, or where
/// no caller waits for it any more.
/// </para>
/// <para>
/// Lock: <c>_lock</c> guards <c>_waiting</c>, <c>_isRunning</c> and the contents of an open batch. No user code runs
/// under it: no callback, no collection, no continuation. A helper thread waits for callbacks without it.
/// </para>
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as the process, or a test.")]
internal sealed partial class MemoryReleaser(ProcessMemory memory, ReleaseThresholds thresholds)
{
    private readonly Lock _lock = new();
    private readonly ReleaseThrottle _throttle = new(memory.Collector, thresholds);
    private readonly TimedWorker _callbackWaiter = new("BoundedCache callback wait");
    private readonly TimedWorker _finalizerWaiter = new("BoundedCache finalizer wait");

    // Set by each request. It wakes a run that waits between its steps or for a deferred release.
    private readonly ManualResetEventSlim _asked = new();
    private Batch? _waiting;
    private bool _isRunning;

    /// <summary>
    /// The releaser of this process. A collection concerns every cache in it, so all caches share it.
    /// </summary>
    public static MemoryReleaser Shared { get; } = new(ProcessMemory.Shared, new ReleaseThresholds());

    /// <summary>The process whose memory it releases.</summary>
    public ProcessMemory Memory => memory;

    /// <summary>Requests a release.</summary>
    /// <param name="request">What the caller expects of it.</param>
    /// <param name="cancellationToken">Ends this caller's wait, not the run, which others may wait for.</param>
    /// <returns>
    /// The result of the run that served the request; faulted when the run failed unexpectedly.
    /// </returns>
    [SuppressMessage(
        "Design", "CA1031", Justification = "Every caller that waits gets the exception, whatever it was.")]
    public Task<ReleaseResult> ReleaseAsync(ReleaseRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<ReleaseResult>(cancellationToken);
        }

        lock (_lock)
        {
            Batch batch = _waiting ??= new Batch(_lock);
            Task<ReleaseResult> task = batch.Add_NeedsLock(request, cancellationToken);
            _asked.Set();
            if (!_isRunning)
            {
                try
                {
                    // UnsafeStart: the thread outlives the caller's request, and must not carry its ExecutionContext.
                    new Thread(RunUntilIdle) { IsBackground = true, Name = "BoundedCache release" }.UnsafeStart();
                    _isRunning = true;
                }
                catch (Exception exception)
                {
                    // The thread could not be started. If the batch stayed, its callers would wait for ever.
                    _waiting = null;
                    batch.Fail(exception);
                }
            }

            return task;
        }
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "An exception here would end the process; the callers get it instead.")]
    private void RunUntilIdle()
    {
        while (true)
        {
            Batch? batch;
            TimeSpan? deferred = _throttle.Remaining;
            lock (_lock)
            {
                batch = _waiting;
                if (batch is null && deferred is null)
                {
                    // Under the lock that callers take: either they see that no thread runs, or this sees their
                    // request.
                    _isRunning = false;
                    return;
                }

                _asked.Reset();
            }

            if (batch is null)
            {
                RunDeferred(deferred!.Value);
                continue;
            }

            try
            {
                long startedAt = Stopwatch.GetTimestamp();
                ReleaseRequest request = WaitForCallbacksAndClose(batch, startedAt, out bool callbacksFinished);
                batch.Complete(Run(request, batch, startedAt, callbacksFinished));
            }
            catch (Exception exception)
            {
                lock (_lock)
                {
                    _waiting = ReferenceEquals(_waiting, batch) ? null : _waiting;
                }

                batch.Fail(exception);
            }
        }
    }

    /// <summary>
    /// Waits until a deferred release is due, and runs it. Returns early where a request comes meanwhile.
    /// </summary>
    [SuppressMessage(
        "Design", "CA1031", Justification = "Nobody waits for it, and an exception here would end the process.")]
    private void RunDeferred(TimeSpan delay)
    {
        if ((delay > TimeSpan.Zero && _asked.Wait(delay)) || _throttle.TakeDeferred() is not { } request)
        {
            return;
        }

        try
        {
            Run(request, batch: null, Stopwatch.GetTimestamp(), callbacksFinished: true);
        }
        catch (Exception)
        {
            // The memory stays until the next release.
        }
    }

    private ReleaseResult Run(ReleaseRequest request, Batch? batch, long startedAt, bool callbacksFinished)
    {
        ProcessMemorySnapshot before = memory.TakeSnapshot();
        if (_throttle.Admit(ref request, before) is string reason)
        {
            return ReleaseResult.None(ReleaseOutcome.Skipped, reason, before, before, startedAt);
        }

        var run = new ReleaseRun(memory, thresholds, request, before)
        {
            WaitForFinalizers = () =>
                _finalizerWaiter.TryRun(memory.Collector.WaitForPendingFinalizers, thresholds.Finalizers),
            Pause = timeout => WaitForReasonToStop(batch, timeout),
            CallbacksFinished = callbacksFinished,
        };
        ReleaseResult result = run.Execute(startedAt);
        _throttle.NoteRun(request, run.LastCollection);
        return result;
    }

    /// <summary>Waits between the steps of a gentle run, and returns why it should stop, or null.</summary>
    private string? WaitForReasonToStop(Batch? batch, TimeSpan timeout)
    {
        long startedAt = Stopwatch.GetTimestamp();
        TimeSpan left = timeout;
        do
        {
            _asked.Wait(left);
            if (batch is { IsWanted: false })
            {
                return "nobody waits for it any more";
            }

            lock (_lock)
            {
                _asked.Reset();
                if (_waiting is not null && _waiting.WantsFull_NeedsLock())
                {
                    return "a full release was asked for meanwhile";
                }
            }

            left = timeout - Stopwatch.GetElapsedTime(startedAt);
        }
        while (left > TimeSpan.Zero);
        return null;
    }

    /// <summary>
    /// Waits for callers' callbacks, including those of callers that join meanwhile, and closes the batch after the
    /// last.
    /// </summary>
    private ReleaseRequest WaitForCallbacksAndClose(Batch batch, long startedAt, out bool finished)
    {
        finished = true;
        while (true)
        {
            Func<TimeSpan, bool>? wait;
            lock (_lock)
            {
                wait = batch.TakeCallbackWait_NeedsLock();
                if (wait is null)
                {
                    _waiting = null;
                    return batch.Combine_NeedsLock();
                }
            }

            TimeSpan left = thresholds.CallbackPatience - Stopwatch.GetElapsedTime(startedAt);
            finished &= left > TimeSpan.Zero && TryWaitForCallbacks(wait, left);
        }
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "The release goes on without callbacks that fail; their owner is told.")]
    private bool TryWaitForCallbacks(Func<TimeSpan, bool> wait, TimeSpan timeout)
    {
        bool finished = false;
        bool returned = _callbackWaiter.TryRun(
            () =>
            {
                try
                {
                    Volatile.Write(ref finished, wait(timeout));
                }
                catch (Exception)
                {
                    // Reported as not finished.
                }
            },
            timeout + thresholds.CallbackGrace);
        return returned && Volatile.Read(ref finished);
    }
}
