using BoundedCache.Engine;

namespace BoundedCache;

/// <summary>
/// The timer that removes expired entries which nobody asks for. Starts with the first entry that can expire, and holds the cache only
/// weakly: a cache that is dropped without being disposed is collected, and its timer with it.
/// </summary>
internal sealed class ExpirationScan(CacheEngine engine, TimeProvider time, TimeSpan interval, Action<Exception> onTokenFailed) : IDisposable
{
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private bool _disposed;
    private int _isRunning;

    public void Start()
    {
        if (Volatile.Read(ref _timer) is not null)
        {
            return;
        }

        lock (_gate)
        {
            if (!_disposed && _timer is null)
            {
                // The flow of whoever stored the first expiring entry is none of the timer's business.
                using (ExecutionContext.SuppressFlow())
                {
                    _timer = time.CreateTimer(Tick, new WeakReference<ExpirationScan>(this), interval, interval);
                }
            }
        }
    }

    /// <summary>Removes what is expired now.</summary>
    /// <returns>Entries removed.</returns>
    public int Run() => engine.RemoveExpired(onTokenFailed);

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private static void Tick(object? state)
    {
        // A scan that outlasts the interval is not overtaken by the next.
        if (((WeakReference<ExpirationScan>)state!).TryGetTarget(out ExpirationScan? scan) && Interlocked.Exchange(ref scan._isRunning, 1) == 0)
        {
            try
            {
                scan.Run();
            }
            finally
            {
                Volatile.Write(ref scan._isRunning, 0);
            }
        }
    }
}
