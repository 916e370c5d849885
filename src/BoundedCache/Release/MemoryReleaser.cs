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
/// down requests in a row. A gentle run, which takes seconds, ends early where a full one is wanted, or where nobody
/// wants it any more. What could not be done is owed (<see cref="OwedRelease"/>): the thread stays until it is done.
/// </para>
/// <para>
/// Lock: <c>_lock</c> guards <c>_waiting</c>, <c>_isRunning</c> and the contents of an open batch. No user code runs
/// under it: no callback, no collection, no continuation. A helper thread waits for callbacks without it.
/// </para>
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as the process, or a test.")]
internal sealed partial class MemoryReleaser
{
    private const int MaxShrinkThreads = 4;

    private readonly ProcessMemory _memory;
    private readonly ReleaseThresholds _thresholds;
    private readonly Lock _lock = new();
    private readonly ReleaseThrottle _throttle;
    private readonly OwedRelease _owed;
    private readonly TimedWorker _callbackWaiter = new("BoundedCache callback wait");
    private readonly TimedWorker _finalizerWaiter = new("BoundedCache finalizer wait");

    // Set by each request. It wakes a run that waits between its steps or for what is owed.
    private readonly ManualResetEventSlim _asked = new();
    private readonly Action<ThreadStart> _start;
    private Batch? _waiting;
    private List<Unserved> _unserved = [];
    private bool _isRunning;

    /// <summary>Creates a releaser.</summary>
    /// <param name="memory">The process.</param>
    /// <param name="thresholds">What counts as worth doing.</param>
    /// <param name="start">Starts the thread; null for one of the system's.</param>
    public MemoryReleaser(
        ProcessMemory memory, ReleaseThresholds thresholds, Action<ThreadStart>? start = null)
    {
        _start = start ?? StartThread;
        _memory = memory;
        _thresholds = thresholds;
        Threads = new ShrinkThreads(MaxShrinkThreads, thresholds.ShrinkPatience);
        _throttle = new ReleaseThrottle(memory.Collector, thresholds);
        _owed = new OwedRelease(_throttle, thresholds, memory.Collector, () => _finalizerWaiter.IsBusy);
    }

    /// <summary>
    /// The releaser of this process. A collection concerns every cache in it, so all caches share it.
    /// </summary>
    public static MemoryReleaser Shared { get; } = new(ProcessMemory.Shared, new ReleaseThresholds());

    /// <summary>The process whose memory it releases.</summary>
    public ProcessMemory Memory => _memory;

    /// <summary>The threads that evict for this releaser's callers, and tell them of later releases.</summary>
    public ShrinkThreads Threads { get; }

    /// <summary>Requests a release.</summary>
    /// <param name="request">What the caller expects of it.</param>
    /// <param name="cancellationToken">
    /// Ends this caller's wait, not the run, which others may wait for. The request of a caller that had stopped before
    /// counts only where it outlives the caller.
    /// </param>
    /// <returns>
    /// The result of the run that served the request; faulted when the run failed unexpectedly.
    /// </returns>
    [SuppressMessage(
        "Design", "CA1031", Justification = "Every caller that waits gets the exception, whatever it was.")]
    public Task<ReleaseResult> ReleaseAsync(ReleaseRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (cancellationToken.IsCancellationRequested && !request.OutlivesCaller)
        {
            return Task.FromCanceled<ReleaseResult>(cancellationToken);
        }

        // The bytes that the request counts are counted once.
        using (_lock.EnterAlways())
        {
            Batch batch = _waiting ??= new Batch(_lock);
            Task<ReleaseResult> task = batch.Add_NeedsLock(request, cancellationToken);
            _asked.Set();
            if (!_isRunning)
            {
                try
                {
                    _start(RunUntilIdle);
                    _isRunning = true;
                }
                catch (Exception exception)
                {
                    OweWithoutThread_NeedsLock(batch, exception);
                }
            }

            return task;
        }
    }

    // UnsafeStart: the thread outlives the caller's request, and must not carry its ExecutionContext.
    private static void StartThread(ThreadStart work) =>
        new Thread(work) { IsBackground = true, Name = "BoundedCache release" }.UnsafeStart();

    /// <summary>
    /// No thread can be started. The callers get the exception: they may hold the last threads, so they must not wait
    /// for one. What is owed to them runs on the thread that the next request starts, or on one of the pool's.
    /// </summary>
    private void OweWithoutThread_NeedsLock(Batch batch, Exception exception)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        _waiting = null;
        var unserved = new Unserved(batch.Owed, batch.Combine_NeedsLock().ExpectedBytes, exception);
        batch.Fail(exception);
        if (unserved.Requests.Count > 0)
        {
            _unserved.Add(unserved);
            ThreadPool.UnsafeQueueUserWorkItem(
                static releaser => releaser.RunUnlessRunning(), this, preferLocal: false);
        }
    }

    private void RunUnlessRunning()
    {
        lock (_lock)
        {
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        RunUntilIdle();
    }

    private void RunUntilIdle()
    {
        while (true)
        {
            Batch? batch;
            List<Unserved> unserved;
            lock (_lock)
            {
                batch = _waiting;
                (unserved, _unserved) = (_unserved, []);
                if (batch is null && unserved.Count == 0 && _owed.IsEmpty)
                {
                    // Under the lock that callers take: either they see that no thread runs, or this sees their
                    // request.
                    _isRunning = false;
                    return;
                }

                _asked.Reset();
            }

            foreach (Unserved each in unserved)
            {
                _admittedBytes = each.Bytes;
                NoteFailure(each.Requests, each.Failure);
            }

            if (batch is null)
            {
                LookAtOwed();
                continue;
            }

            Serve(batch);
        }
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

            TimeSpan left = _thresholds.CallbackPatience - Stopwatch.GetElapsedTime(startedAt);
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
            timeout + _thresholds.CallbackGrace);
        return returned && Volatile.Read(ref finished);
    }

    /// <summary>Requests for which no thread could be started, and that are owed a release.</summary>
    private sealed record Unserved(List<ReleaseRequest> Requests, long Bytes, Exception Failure);
}
