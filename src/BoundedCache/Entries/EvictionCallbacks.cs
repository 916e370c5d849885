using System.Diagnostics;
using BoundedCache.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Process;
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
    private long _pendingBytes;
    private Generation _current = new();
    private volatile bool _stopped;

    /// <summary>
    /// Whether this thread is running a callback of any cache. If so, waiting for callbacks would never end.
    /// </summary>
    public static bool IsRunningHere => s_isRunning;

    /// <summary>
    /// What the entries were charged whose callbacks and disposal are queued or run now, those that were refused
    /// included: they hold the values.
    /// </summary>
    public long PendingBytes => Volatile.Read(ref _pendingBytes);

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
                Generation generation;
                EnduringLock.EnterAlways(_lock);
                _pending++;
                _pendingBytes += entry.Bytes;
                generation = _current;
                generation.Pending++;
                Monitor.Exit(_lock);

                // In the execution context of the caller that removed the entry, as with MemoryCache: callbacks log
                // with its activity and read its AsyncLocal values.
                try
                {
                    ThreadPool.QueueUserWorkItem(
                        static work => work.Callbacks.Run(work.Entry, work.Generation),
                        (Callbacks: this, Entry: entry, Generation: generation),
                        preferLocal: false);
                }
                catch (OutOfMemoryException failure)
                {
                    // Its callbacks are lost, which is logged. Otherwise releases would wait for them for ever.
                    failures.OnCallbackFailed(entry.Reason, failure);
                    End(in entry, generation);
                }
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

    /// <summary>
    /// A wait for the callbacks that are queued or running now, not for later ones: where entries come and go, some
    /// callback is always due. It holds neither the cache nor entries.
    /// </summary>
    /// <returns>
    /// Waits no longer than its argument, and returns whether they ended; null where there are none.
    /// </returns>
    public Func<TimeSpan, bool>? Mark()
    {
        lock (_lock)
        {
            if (_pending == 0)
            {
                return null;
            }

            Generation mark = _current;
            if (mark.Pending > 0 || mark.Earlier is null)
            {
                _current = new Generation { Earlier = mark };
            }
            else
            {
                mark = mark.Earlier;
            }

            return timeout => Wait(mark, timeout);
        }
    }

    /// <summary>Queues no more callbacks: the cache is disposed.</summary>
    public void Stop() => _stopped = true;

    private bool Wait(Generation mark, TimeSpan timeout)
    {
        long started = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            while (!mark.IsOver)
            {
                TimeSpan left = timeout - Stopwatch.GetElapsedTime(started);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_lock, left))
                {
                    return mark.IsOver;
                }
            }

            return true;
        }
    }

    private void Run(RemovedEntry entry, Generation generation)
    {
        s_isRunning = true;

        // A factory may have caused the eviction, but does not wait for the callback.
        Flight.LeaveFactories();
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

        End(in entry, generation);
        s_isRunning = false;
    }

    private void End(in RemovedEntry entry, Generation generation)
    {
        if (entry.WasStored)
        {
            values.OnLeft(in entry);
        }

        EnduringLock.EnterAlways(_lock);
        _pending--;
        _pendingBytes -= entry.Bytes;
        if (--generation.Pending == 0)
        {
            Monitor.PulseAll(_lock);
        }

        Monitor.Exit(_lock);
    }

    /// <summary>The callbacks that were queued between two marks. Guarded by the lock.</summary>
    private sealed class Generation
    {
        public int Pending { get; set; }

        public Generation? Earlier { get; set; }

        /// <summary>Whether its callbacks and all earlier ones ended.</summary>
        public bool IsOver
        {
            get
            {
                while (Earlier is { Pending: 0 })
                {
                    Earlier = Earlier.Earlier;
                }

                return Pending == 0 && Earlier is not { IsOver: false };
            }
        }
    }
}
