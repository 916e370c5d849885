using BoundedCache.Engine;
using BoundedCache.Process;

namespace BoundedCache.Entries;

/// <summary>
/// Removes expired entries that are not read, at regular times. The timer starts with the first entry that can expire,
/// and does not keep a cache alive that is dropped without being disposed. Thread-safe.
/// </summary>
internal sealed class ExpirationScan(
    CacheEngine engine, TimeProvider time, TimeSpan interval, Action<Exception> onTokenFailed, Action onRun)
    : IDisposable
{
    private readonly Lock _lock = new();
    private WeakTimer<ExpirationScan>? _timer;
    private bool _disposed;
    private int _isRunning;

    /// <summary>Starts the timer, unless it runs or the scan is disposed.</summary>
    public void Start()
    {
        if (Volatile.Read(ref _timer) is not null)
        {
            return;
        }

        lock (_lock)
        {
            if (!_disposed && _timer is null)
            {
                _timer = new WeakTimer<ExpirationScan>(time, this, static scan => scan.Tick(), interval, interval);
            }
        }
    }

    /// <summary>Removes the entries that are expired now.</summary>
    /// <returns>The number of entries removed.</returns>
    public int Run()
    {
        int removed = engine.RemoveExpired(onTokenFailed);
        onRun();
        return removed;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _timer?.Stop();
            _timer = null;
        }
    }

    private void Tick()
    {
        // A tick is skipped while the scan of an earlier one runs.
        if (Interlocked.Exchange(ref _isRunning, 1) == 0)
        {
            try
            {
                Run();
            }
            finally
            {
                Volatile.Write(ref _isRunning, 0);
            }
        }
    }
}
