using System.Diagnostics;
using BoundedCache.Diagnostics;
using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Entries;

/// <summary>
/// The runs of eviction callbacks on the thread pool: for each entry that left, its callbacks in the order in which
/// they were registered, once. What a callback throws is logged and stops no other.
/// </summary>
internal sealed class EvictionCallbacks(FailureLog failures)
{
    [ThreadStatic]
    private static bool s_isRunning;

    private readonly object _lock = new();
    private int _pending;
    private volatile bool _stopped;

    /// <summary>
    /// Whether this thread is running a callback, of whatever cache: then waiting for callbacks would wait for itself.
    /// </summary>
    public static bool IsRunningHere => s_isRunning;

    /// <summary>
    /// Lets go of the tokens of entries that left, here and now, and queues their callbacks. Never throws.
    /// </summary>
    public void OnRemoved(List<RemovedEntry> removed)
    {
        foreach (RemovedEntry entry in removed)
        {
            Unsubscribe(entry.Details);
            if (entry.Details.Callbacks.Length > 0 && !_stopped)
            {
                lock (_lock)
                {
                    _pending++;
                }

                // In the flow of whoever removed the entry, as with MemoryCache: callbacks log with its activity,
                // and read its ambient state.
                ThreadPool.QueueUserWorkItem(
                    static work => work.Callbacks.Run(work.Entry), (Callbacks: this, Entry: entry), preferLocal: false);
            }
        }
    }

    /// <summary>Lets go of the tokens of an entry. Never throws.</summary>
    public void Unsubscribe(EntryDetails details) => details.Unsubscribe(OnTokenFailed);

    /// <summary>Logs what a token threw. Never throws.</summary>
    public void OnTokenFailed(Exception failure) => failures.OnTokenFailed(failure);

    /// <summary>Waits until no callback is queued or running.</summary>
    /// <returns>False where the time was not enough.</returns>
    public bool WaitUntilIdle(TimeSpan timeout)
    {
        long started = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            while (_pending > 0)
            {
                TimeSpan left = timeout - Stopwatch.GetElapsedTime(started);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_lock, left))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Queues no more callbacks: the cache is disposed.</summary>
    public void Stop() => _stopped = true;

    private void Run(RemovedEntry entry)
    {
        s_isRunning = true;
        foreach (PostEvictionCallbackRegistration registration in entry.Details.Callbacks)
        {
            try
            {
                registration.EvictionCallback?.Invoke(entry.Key, entry.Details.Value, entry.Reason, registration.State);
            }
#pragma warning disable CA1031 // Callbacks are user code: a failure is logged, and must not end the process.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                failures.OnCallbackFailed(entry.Reason, failure);
            }
        }

        s_isRunning = false;
        lock (_lock)
        {
            if (--_pending == 0)
            {
                Monitor.PulseAll(_lock);
            }
        }
    }
}
