using System.Diagnostics;

namespace BoundedCache.Process;

/// <summary>
/// A thread at need, for work that may never return: the caller waits for a bounded time and then leaves it
/// behind. While one piece of work is stuck no further is begun, so that at most one thread is lost, not one a
/// call. Used by one thread.
/// </summary>
internal sealed class TimedWorker(string threadName)
{
    private Thread? _thread;

    /// <summary>Runs work that does not throw.</summary>
    /// <param name="work">What may take for ever.</param>
    /// <param name="timeout">How long to wait for it.</param>
    /// <returns>False when it did not finish in time, or was not begun because earlier work never finished.</returns>
    public bool TryRun(Action work, TimeSpan timeout)
    {
        Debug.Assert(timeout >= TimeSpan.Zero);
        if (_thread is { IsAlive: true } stuck && !stuck.Join(TimeSpan.Zero))
        {
            return false;
        }

        _thread = new Thread(work.Invoke) { IsBackground = true, Name = threadName };
        _thread.UnsafeStart();
        return _thread.Join(timeout);
    }
}
