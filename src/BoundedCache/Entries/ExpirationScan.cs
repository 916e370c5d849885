using BoundedCache.Engine;
using BoundedCache.Process;

namespace BoundedCache.Entries;

/// <summary>
/// The timer that removes expired entries which nobody asks for. Starts with the first entry that can expire,
/// and holds the cache only weakly: a cache that is dropped without being disposed is collected, and its timer
/// ends when it next fires.
/// </summary>
internal sealed class ExpirationScan(
    CacheEngine engine, TimeProvider time, TimeSpan interval, Action<Exception> onTokenFailed, Action onRun)
    : IDisposable
{
    private readonly Lock _lock = new();
    private WeakTimer<ExpirationScan>? _timer;
    private bool _disposed;
    private int _isRunning;

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

    /// <summary>Removes what is expired now.</summary>
    /// <returns>Entries removed.</returns>
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
        // A scan that outlasts the interval is not overtaken by the next.
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
