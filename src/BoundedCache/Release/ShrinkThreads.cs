using System.Diagnostics;

namespace BoundedCache.Release;

/// <summary>
/// Runs work on at most a handful of background threads of its own, which exist while there is work. Not the thread
/// pool: a process in trouble often has no free pool threads. Thread-safe.
/// </summary>
/// <remarks>
/// Lock: <c>_lock</c> guards the queue and the number of threads. No work runs under it. Work must not wait for other
/// work.
/// </remarks>
internal sealed class ShrinkThreads(int most) : TaskScheduler
{
    // Hidden from the work: tasks that it starts belong to the pool.
    private const TaskCreationOptions Options = TaskCreationOptions.DenyChildAttach | TaskCreationOptions.HideScheduler;

    private readonly Lock _lock = new();
    private readonly Queue<Task> _queue = new();
    private int _threads;

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
        lock (_lock)
        {
            _queue.Enqueue(task);
            if (_threads >= most)
            {
                return;
            }

            try
            {
                // UnsafeStart: the thread serves many callers. Each task has its caller's execution context.
                new Thread(RunUntilIdle) { IsBackground = true, Name = "BoundedCache shrink" }.UnsafeStart();
                _threads++;
            }
            catch (Exception) when (_threads > 0)
            {
                // No thread can be started; one of those that exist takes the task.
            }
            catch (Exception)
            {
                _queue.Clear();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => [];

    private void RunUntilIdle()
    {
        while (true)
        {
            Task? task;
            lock (_lock)
            {
                if (!_queue.TryDequeue(out task))
                {
                    _threads--;
                    Debug.Assert(_threads >= 0);
                    return;
                }
            }

            TryExecuteTask(task);
        }
    }
}
