using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using BoundedCache.Engine;
using BoundedCache.Process;

namespace BoundedCache.Entries;

/// <summary>
/// Removes expired entries that are not read, at regular times. The timer starts with the first entry that can expire,
/// and does not keep a cache alive that is dropped without being disposed. Thread-safe.
/// </summary>
/// <remarks>
/// Timers of the system's clock tick. Those of another clock may not, or may follow another time than the clock shows.
/// So where the clock is not the system's, each use of the cache looks at the time as well, while there are entries
/// that expire.
/// </remarks>
internal sealed class ExpirationScan : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CacheEngine _engine;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly Action<Exception> _onTokenFailed;
    private readonly Action<Exception> _onFailed;
    private readonly Action _onRun;
    private readonly bool _looksAtUses;
    private WeakTimer<ExpirationScan>? _timer;
    private long _lastTicks;
    private int _isRunning;
    private bool _disposed;

    /// <summary>
    /// Whether there may be entries that expire, and uses must look at the time. Written rarely, because every miss
    /// reads it.
    /// </summary>
    private bool _isWatching;

    /// <param name="engine">The entries.</param>
    /// <param name="time">The clock.</param>
    /// <param name="interval">The time between scans.</param>
    /// <param name="onTokenFailed">Receives what tokens throw when they are asked. Must not throw.</param>
    /// <param name="onFailed">
    /// Receives the exception of a scan that ran on a timer or a pool thread. Must not throw.
    /// </param>
    /// <param name="onRun">Called after each scan. Must not throw.</param>
    public ExpirationScan(
        CacheEngine engine,
        TimeProvider time,
        TimeSpan interval,
        Action<Exception> onTokenFailed,
        Action<Exception> onFailed,
        Action onRun)
    {
        (_engine, _time, _interval) = (engine, time, interval);
        (_onTokenFailed, _onFailed, _onRun) = (onTokenFailed, onFailed, onRun);
        _looksAtUses = time.GetType().Assembly != typeof(TimeProvider).Assembly;
        if (_looksAtUses)
        {
            engine.OnExpiringHit = StartIfDue;
        }
    }

    /// <summary>
    /// An entry that expires is about to be stored. Starts the timer, unless it runs or the scan is disposed. It may
    /// throw: the clock is user code.
    /// </summary>
    public void Prepare()
    {
        if (Volatile.Read(ref _timer) is not null)
        {
            return;
        }

        lock (_lock)
        {
            if (!_disposed && _timer is null)
            {
                _timer = new WeakTimer<ExpirationScan>(_time, this, static scan => scan.Tick(), _interval, _interval);
            }
        }
    }

    /// <summary>An entry that expires was stored. Never throws.</summary>
    /// <param name="now">UTC ticks.</param>
    public void OnStored(long now)
    {
        if (_looksAtUses && !Volatile.Read(ref _isWatching))
        {
            Volatile.Write(ref _lastTicks, now);
            Volatile.Write(ref _isWatching, true);
        }
    }

    /// <summary>
    /// The cache was used. Starts a scan on the thread pool, if the last one was an interval ago. It may throw: the
    /// clock is user code.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnUse()
    {
        if (Volatile.Read(ref _isWatching))
        {
            StartIfDue(_time.GetUtcNow().UtcTicks);
        }
    }

    /// <summary>Removes the entries that are expired now.</summary>
    /// <returns>The number of entries removed.</returns>
    public int Run()
    {
        if (_looksAtUses)
        {
            // Before the scan looks: an entry that is stored meanwhile sets it again.
            Volatile.Write(ref _lastTicks, _time.GetUtcNow().UtcTicks);
            Volatile.Write(ref _isWatching, false);
        }

        int removed = _engine.RemoveExpired(_onTokenFailed);
        if (_looksAtUses && _engine.HasExpiring)
        {
            Volatile.Write(ref _isWatching, true);
        }

        _onRun();
        return removed;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            Volatile.Write(ref _disposed, true);
            Volatile.Write(ref _isWatching, false);
            _timer?.Stop();
            _timer = null;
        }
    }

    private void StartIfDue(long now)
    {
        // A clock that was put back says nothing about how long ago the last scan was.
        long since = now - Volatile.Read(ref _lastTicks);
        if ((since >= 0 && since < _interval.Ticks)
            || Volatile.Read(ref _disposed)
            || Interlocked.Exchange(ref _isRunning, 1) != 0)
        {
            return;
        }

        try
        {
            ThreadPool.UnsafeQueueUserWorkItem(static scan => scan.RunAndRest(), this, preferLocal: false);
        }
        catch
        {
            // No memory even for that. Otherwise no scan would ever begin again.
            Volatile.Write(ref _isRunning, 0);
            throw;
        }
    }

    private void Tick()
    {
        // A tick is skipped while the scan of an earlier one, or of a use, runs.
        if (Interlocked.Exchange(ref _isRunning, 1) == 0)
        {
            RunAndRest();
        }
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "On a timer or a pool thread it would end the process. It is logged.")]
    private void RunAndRest()
    {
        try
        {
            Run();
        }
        catch (Exception failure)
        {
            _onFailed(failure);
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }
}
