using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>
/// Runs work on a handful of background threads of its own, which exist while there is work. Not the thread pool: a
/// process in trouble often has no free pool threads. Thread-safe.
/// </summary>
/// <remarks>
/// <para>Work may run user code (the tokens of evicted entries), which may block for ever. While work waits and none
/// was begun for a while, one more thread is added, so that nobody waits for others' code.</para>
/// <para>Lock: <c>_lock</c> guards the queue and the counts. No work runs under it.</para>
/// </remarks>
/// <param name="most">The number of threads that are enough while none of them is blocked.</param>
/// <param name="patience">How long work waits for threads that are blocked before one more is added.</param>
/// <param name="start">Starts a thread; null for one of the system's.</param>
internal sealed class ShrinkThreads(int most, TimeSpan patience, Action<ThreadStart>? start = null) : TaskScheduler
{
    // Hidden from the work: tasks that it starts belong to the pool.
    private const TaskCreationOptions Options = TaskCreationOptions.DenyChildAttach | TaskCreationOptions.HideScheduler;

    private readonly Lock _lock = new();
    private readonly Queue<Task> _queue = new();
    private readonly Action<ThreadStart> _start = start ?? StartThread;
    private int _threads;
    private long _begun;
    private bool _hasWatcher;

    /// <summary>The threads that exist now.</summary>
    public int Threads
    {
        get
        {
            lock (_lock)
            {
                return _threads;
            }
        }
    }

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => most;

    /// <summary>Runs work, in the execution context of the caller.</summary>
    /// <param name="work">Must not throw.</param>
    public void Run(Action work) => Task.Factory.StartNew(work, CancellationToken.None, Options, this);

    /// <summary>Runs work when a task has ended, however it did. No thread waits for that.</summary>
    /// <param name="task">The task.</param>
    /// <param name="work">Must not throw.</param>
    public void RunAfter(Task task, Action work) => task.ContinueWith(
        _ => work(),
        CancellationToken.None,
        TaskContinuationOptions.DenyChildAttach | TaskContinuationOptions.HideScheduler,
        this);

    /// <inheritdoc/>
    protected override void QueueTask(Task task)
    {
        // The limit is set by now. A thread that is interrupted must not leave it at that.
        using (_lock.EnterAlways())
        {
            _queue.Enqueue(task);
            bool isFull = _threads >= most;
            if (isFull && _hasWatcher)
            {
                return;
            }

            try
            {
                _start(isFull ? Watch : RunUntilIdle);
                _hasWatcher |= isFull;
                _threads += isFull ? 0 : 1;
            }
            catch (Exception) when (_threads > 0)
            {
                // No thread can be started, for whatever reason; one of those that exist takes the task.
            }
            catch (Exception)
            {
                // The pool may have no free thread either, but it has some: the limit is set, and the work must follow.
                ThreadPool.UnsafeQueueUserWorkItem(static threads => threads.RunUntilIdle(), this, preferLocal: false);
                _threads++;
            }
        }
    }

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => [];

    // UnsafeStart: the thread serves many callers. Each task has its caller's execution context.
    private static void StartThread(ThreadStart work) =>
        new Thread(work) { IsBackground = true, Name = "BoundedCache shrink" }.UnsafeStart();

    private void RunUntilIdle()
    {
        while (true)
        {
            Task? task;

            // The work before may have been code of a user, who interrupts it late.
            using (_lock.EnterAlways())
            {
                if (!_queue.TryDequeue(out task))
                {
                    _threads--;
                    Debug.Assert(_threads >= 0);
                    return;
                }

                _begun++;
            }

            TryExecuteTask(task);
        }
    }

    /// <summary>Waits while the others make progress, and becomes one of them where they do not.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "It waits for nothing: it looks now and then.")]
    private void Watch()
    {
        long begun = -1;
        while (true)
        {
            lock (_lock)
            {
                if (_queue.Count == 0)
                {
                    _hasWatcher = false;
                    return;
                }

                if (begun == _begun)
                {
                    // The next look is due for those that wait still; this thread has work now.
                    _threads++;
                    _hasWatcher = TryStartWatcher_NeedsLock();
                    break;
                }

                begun = _begun;
            }

            Thread.Sleep(patience);
        }

        RunUntilIdle();
    }

    private bool TryStartWatcher_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        try
        {
            _start(Watch);
            return true;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            // No thread can be started now. The next work that comes tries again.
            return false;
        }
    }
}
