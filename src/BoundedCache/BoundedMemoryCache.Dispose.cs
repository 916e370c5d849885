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

        // Timers and change tokens are the application's, and may throw.
        EveryStep.Run(
            LeaveCompanion,
            _scan.Dispose,
            LeaveIdleReleaser,
            LeavePressure,
            AbortFlights,
            () => _audit?.Dispose(),
            _callbacks.Stop,
            _engine.Clear,
            ClearWhatCame,
            () => _engine.Trim(),
            Unpublish);
    }

    private void LeaveCompanion()
    {
        _companion?.Dispose();
        _companion = null;
    }

    /// <summary>
    /// A write that is under way either sees the mark and removes its entry itself, or comes before this removal. It
    /// must not remove what was here before: those values are disposed on this thread.
    /// </summary>
    private void ClearWhatCame()
    {
        Volatile.Write(ref _isEmptied, true);
        _engine.Clear();
    }
}
