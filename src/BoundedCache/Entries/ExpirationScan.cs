using BoundedCache.Engine;

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
    private ITimer? _timer;
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
                // The flow of whoever stored the first expiring entry is none of the timer's business.
                using (ExecutionContext.SuppressFlow())
                {
                    var ticker = new Ticker(this);
                    _timer = time.CreateTimer(static state => ((Ticker)state!).Tick(), ticker, interval, interval);
                    ticker.Timer = _timer;
                }
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
            _timer?.Dispose();
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

    /// <summary>
    /// What a timer holds of a scan: a clock keeps its timers, whatever becomes of who asked for them.
    /// </summary>
    private sealed class Ticker(ExpirationScan scan)
    {
        private readonly WeakReference<ExpirationScan> _scan = new(scan);

        public ITimer? Timer { get; set; }

        public void Tick()
        {
            if (_scan.TryGetTarget(out ExpirationScan? scan))
            {
                scan.Tick();
            }
            else
            {
                Timer?.Dispose();
            }
        }
    }
}
