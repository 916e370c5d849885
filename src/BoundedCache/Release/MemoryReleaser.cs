using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>
/// The one queue, of the whole process, for giving memory back to the operating system: one run at a time, on a
/// background thread of its own that exists while there is work.
/// </summary>
/// <remarks>
/// <para>
/// Coalescing: at most one batch waits. A request joins it until the run has closed it, right before its collection;
/// what comes later may have made garbage that the collection has not seen, and waits, with all others like it, in the
/// next batch. So requests at once cost the run that was under way and one more; requests in a row are slowed down by
/// <see cref="ReleaseThrottle"/>. A gentle run, which takes seconds, ends early where somebody waits who wants a full
/// one, and where nobody waits for it any more.
/// </para>
/// <para>
/// Lock: <c>_lock</c> guards <c>_waiting</c>, <c>_isRunning</c> and the contents of an open batch. Nothing foreign runs
/// under it: no callback, no collection, no continuation. Settling callbacks run on a helper thread without it.
/// </para>
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as the process, or a test.")]
internal sealed class MemoryReleaser
{
    private readonly Lock _lock = new();
    private readonly ReleaseRun _run;
    private readonly ReleaseThresholds _limits;
    private readonly TimedWorker _settler = new("BoundedCache settling");

    // Set when somebody asks, so that a run which waits between its steps, or for a storm to pass, looks up.
    private readonly ManualResetEventSlim _nudge = new();
    private ReleaseBatch? _waiting;
    private bool _isRunning;

    public MemoryReleaser(ProcessMemory memory, ReleaseThresholds limits)
    {
        _limits = limits;
        _run = new ReleaseRun(memory, limits);
    }

    /// <summary>
    /// The releaser of this process. A collection concerns every cache in it, so they all share this one.
    /// </summary>
    public static MemoryReleaser Shared { get; } = new(ProcessMemory.Shared, new ReleaseThresholds());

    /// <summary>Asks for a release.</summary>
    /// <param name="request">What is expected of it.</param>
    /// <param name="cancellationToken">Ends this caller's wait, not the run, which others may wait for.</param>
    /// <returns>
    /// The result of the run that served the request; faulted when the run failed in a way nobody foresaw.
    /// </returns>
    [SuppressMessage("Design", "CA1031", Justification = "Whoever waits gets to know, whatever it was.")]
    public Task<ReleaseResult> ReleaseAsync(ReleaseRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<ReleaseResult>(cancellationToken);
        }

        lock (_lock)
        {
            ReleaseBatch batch = _waiting ??= new ReleaseBatch();
            Task<ReleaseResult> task = batch.Add_NeedsLock(request, cancellationToken);
            _nudge.Set();
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
                    // No thread to be had. Left in place, the batch would wait for ever.
                    _waiting = null;
                    batch.Fail(exception);
                }
            }

            return task;
        }
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "An exception here would end the process; whoever waits gets it instead.")]
    private void RunUntilIdle()
    {
        while (true)
        {
            ReleaseBatch? batch;
            TimeSpan? deferred = _run.DeferredFor;
            lock (_lock)
            {
                batch = _waiting;
                if (batch is null && deferred is null)
                {
                    // Under the lock that adders take: either they see that nobody runs, or this sees what they added.
                    _isRunning = false;
                    return;
                }

                _nudge.Reset();
            }

            if (batch is null)
            {
                RunDeferred(deferred!.Value);
                continue;
            }

            try
            {
                long startedAt = Stopwatch.GetTimestamp();
                ReleaseOrder order = WaitForCallbacksAndClose(batch, startedAt);
                batch.Complete(_run.Execute(order, startedAt, timeout => WaitForReasonToStop(batch, timeout)));
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
    /// Waits until a release that was put off is due, and runs it. Returns early where a request comes meanwhile.
    /// </summary>
    [SuppressMessage(
        "Design", "CA1031", Justification = "Nobody waits for it, and an exception here would end the process.")]
    private void RunDeferred(TimeSpan delay)
    {
        if (delay > TimeSpan.Zero && _nudge.Wait(delay))
        {
            return;
        }

        if (_run.TakeDeferred() is ReleaseOrder order)
        {
            try
            {
                _run.Execute(order, Stopwatch.GetTimestamp(), timeout => WaitForReasonToStop(batch: null, timeout));
            }
            catch (Exception)
            {
                // The memory stays until the next release.
            }
        }
    }

    /// <summary>What a gentle run does between its steps.</summary>
    private string? WaitForReasonToStop(ReleaseBatch? batch, TimeSpan timeout)
    {
        long startedAt = Stopwatch.GetTimestamp();
        TimeSpan left = timeout;
        do
        {
            _nudge.Wait(left);
            if (batch is { IsWanted: false })
            {
                return "nobody waits for it any more";
            }

            lock (_lock)
            {
                _nudge.Reset();
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
    /// Waits for callers' callbacks, those of callers who join meanwhile included, and lets nobody join after the last.
    /// </summary>
    private ReleaseOrder WaitForCallbacksAndClose(ReleaseBatch batch, long startedAt)
    {
        bool settled = true;
        while (true)
        {
            Func<TimeSpan, bool>? settle;
            lock (_lock)
            {
                settle = batch.TakeWait_NeedsLock();
                if (settle is null)
                {
                    _waiting = null;
                    return batch.Close_NeedsLock() with { CallbacksFinished = settled };
                }
            }

            TimeSpan left = _limits.CallbackPatience - Stopwatch.GetElapsedTime(startedAt);
            settled &= left > TimeSpan.Zero && TryWaitForCallbacks(settle, left);
        }
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A callback's failure is its owner's affair; the release goes on without it.")]
    private bool TryWaitForCallbacks(Func<TimeSpan, bool> settle, TimeSpan timeout)
    {
        bool settled = false;
        bool returned = _settler.TryRun(
            () =>
            {
                try
                {
                    Volatile.Write(ref settled, settle(timeout));
                }
                catch (Exception)
                {
                    // Reported as not settled.
                }
            },
            timeout + _limits.CallbackGrace);
        return returned && Volatile.Read(ref settled);
    }
}
