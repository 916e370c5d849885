using System.Diagnostics;
using BoundedCache.Diagnostics;
using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Entries;

/// <summary>
/// Runs eviction callbacks on the thread pool: once for each entry that left, in the order of their registration. An
/// exception of a callback is logged and does not stop the others. Thread-safe.
/// </summary>
/// <param name="values">Disposes the values of entries that left, after their callbacks.</param>
/// <param name="failures">Where exceptions of callbacks and tokens are logged.</param>
internal sealed class EvictionCallbacks(ValueDisposer values, FailureLog failures)
{
    [ThreadStatic]
    private static bool s_isRunning;

    // Not a Lock: threads wait on it for the last callback.
    private readonly object _lock = new();
    private int _pending;
    private volatile bool _stopped;

    /// <summary>
    /// Whether this thread is running a callback of any cache. If so, waiting for callbacks would never end.
    /// </summary>
    public static bool IsRunningHere => s_isRunning;

    /// <summary>
    /// Unsubscribes from the tokens of entries that left, and queues their callbacks. Never throws.
    /// </summary>
    public void OnRemoved(List<RemovedEntry> removed)
    {
        foreach (RemovedEntry entry in removed)
        {
            Unsubscribe(entry.Tokens);
            if (_stopped && entry.WasStored)
            {
                // No callbacks any more, but the cache may still be the only one to hold the value.
                values.OnLeft(in entry);
            }
            else if (!_stopped && (entry.Callbacks.Length > 0 || values.Watches(entry.Details.Value)))
            {
                lock (_lock)
                {
                    _pending++;
                }

                // In the execution context of the caller that removed the entry, as with MemoryCache: callbacks log
                // with its activity and read its AsyncLocal values.
                ThreadPool.QueueUserWorkItem(
                    static work => work.Callbacks.Run(work.Entry), (Callbacks: this, Entry: entry), preferLocal: false);
            }
        }
    }

    /// <summary>Unsubscribes from tokens. Never throws.</summary>
    public void Unsubscribe(Span<EntryToken> tokens) => EntryToken.UnsubscribeAll(tokens, OnTokenFailed);

    /// <summary>Logs an exception of a token. Never throws.</summary>
    public void OnTokenFailed(Exception failure) => failures.OnTokenFailed(failure);

    /// <summary>Waits until no callback is queued or running.</summary>
    /// <returns>False if that took longer than the timeout.</returns>
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
        foreach (PostEvictionCallbackRegistration registration in entry.Callbacks)
        {
            try
            {
                if (ValueDisposer.IsMark(registration))
                {
                    continue;
                }

                registration.EvictionCallback?.Invoke(entry.Key, entry.Details.Value, entry.Reason, registration.State);
            }
#pragma warning disable CA1031 // Callbacks are user code: a failure is logged, and must not end the process.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                failures.OnCallbackFailed(entry.Reason, failure);
            }
        }

        if (entry.WasStored)
        {
            values.OnLeft(in entry);
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
