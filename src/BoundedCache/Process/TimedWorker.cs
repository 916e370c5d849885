using System.Diagnostics;

namespace BoundedCache.Process;

/// <summary>
/// Runs work that may never return on a thread of its own; the caller waits for a bounded time only. While earlier work
/// is stuck no other work begins, so at most one thread is lost. Not thread-safe: one caller at a time.
/// </summary>
internal sealed class TimedWorker(string threadName)
{
    private Thread? _thread;

    /// <summary>Whether earlier work has not ended yet.</summary>
    public bool IsBusy => _thread is { IsAlive: true } stuck && !stuck.Join(TimeSpan.Zero);

    /// <summary>Runs work that does not throw.</summary>
    /// <param name="work">The work; it may never return.</param>
    /// <param name="timeout">How long to wait for it.</param>
    /// <returns>False when it did not finish in time, or was not begun because earlier work never finished.</returns>
    public bool TryRun(Action work, TimeSpan timeout)
    {
        Debug.Assert(timeout >= TimeSpan.Zero);
        if (IsBusy)
        {
            return false;
        }

        _thread = new Thread(work.Invoke) { IsBackground = true, Name = threadName };
        _thread.UnsafeStart();
        return _thread.Join(timeout);
    }
}
