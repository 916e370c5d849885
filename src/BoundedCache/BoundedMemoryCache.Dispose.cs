using BoundedCache.Process;

namespace BoundedCache;

/// <summary>The end of the cache.</summary>
public sealed partial class BoundedMemoryCache
{
    /// <summary>
    /// Removes all entries, unsubscribes from their tokens, disposes values that are to be disposed, and runs no
    /// eviction callbacks. Later calls, and callers that wait for a factory, get an
    /// <see cref="ObjectDisposedException"/>. Disposing twice is harmless.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        _plainReads = false;

        // Nobody would do the rest later. A thread that is interrupted stays so.
        if (Endurance.Run(LeaveAll))
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    /// <summary>The steps of the disposal. Each may run again.</summary>
    private void LeaveAll()
    {
        _companion?.Dispose();
        _companion = null;
        _scan.Dispose();
        LeaveIdleReleaser();
        LeavePressure();
        AbortFlights();
        _audit?.Dispose();
        _callbacks.Stop();
        _engine.Clear();

        // A write that is under way either sees this and removes its entry itself, or comes before the second removal.
        // It must not remove what is here before: those values are disposed on this thread.
        Volatile.Write(ref _isEmptied, true);
        _engine.Clear();
        _engine.Trim();
        Unpublish();
    }
}
