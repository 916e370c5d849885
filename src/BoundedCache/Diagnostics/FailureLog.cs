using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Diagnostics;

/// <summary>Logs user code that fails, and values that the cache cannot measure, at a limited rate.</summary>
/// <param name="cacheName">The cache's name, in each line.</param>
/// <param name="logger">The log, which must not throw.</param>
/// <param name="time">The clock of the intervals between lines.</param>
internal sealed class FailureLog(string cacheName, ILogger logger, TimeProvider time)
{
    private readonly LogThrottle _callbacks = new(time);
    private readonly LogThrottle _sizers = new(time);
    private readonly LogThrottle _tokens = new(time);
    private readonly LogThrottle _disposals = new(time);
    private readonly ConditionalWeakTable<Type, Type> _estimated = [];
    private readonly ConditionalWeakTable<Type, Type> _scans = [];
    private readonly ConditionalWeakTable<Type, Type> _idleReleases = [];

    /// <summary>Logs an exception of an eviction callback, at a limited rate for each type of exception.</summary>
    public void OnCallbackFailed(EvictionReason reason, Exception failure)
    {
        if (_callbacks.TryPass(failure.GetType(), out long unlogged))
        {
            Log.CallbackFailed(logger, cacheName, reason, unlogged, failure);
        }
    }

    /// <summary>
    /// Logs that a sizer threw or returned a negative number, at a limited rate for each type that it sizes.
    /// </summary>
    public void OnSizerFailed(Type type, Exception failure)
    {
        if (_sizers.TryPass(type, out long unlogged))
        {
            Log.SizerFailed(logger, cacheName, type, unlogged, failure);
        }
    }

    /// <summary>
    /// Logs an exception of a change token, or of a registration with one, at a limited rate for each type of
    /// exception.
    /// </summary>
    public void OnTokenFailed(Exception failure)
    {
        if (_tokens.TryPass(failure.GetType(), out long unlogged))
        {
            Log.TokenFailed(logger, cacheName, unlogged, failure);
        }
    }

    /// <summary>
    /// Logs that a scan for expired entries failed; one line for each type of exception. The clock, whose intervals
    /// limit the others, may be what failed.
    /// </summary>
    public void OnScanFailed(Exception failure)
    {
        Type type = failure.GetType();
        if (_scans.TryAdd(type, type))
        {
            Log.ScanFailed(logger, cacheName, failure);
        }
    }

    /// <summary>
    /// Logs that a check for an idle release, or the release, failed; one line for each type of exception. The clock
    /// may be what failed.
    /// </summary>
    public void OnIdleReleaseFailed(Exception failure)
    {
        Type type = failure.GetType();
        if (_idleReleases.TryAdd(type, type))
        {
            Log.IdleReleaseFailed(logger, cacheName, failure);
        }
    }

    /// <summary>Logs that disposing a value failed, at a limited rate for each type of value.</summary>
    public void OnDisposalFailed(Type type, Exception failure)
    {
        if (_disposals.TryPass(type, out long unlogged))
        {
            Log.DisposalFailed(logger, cacheName, type, unlogged, failure);
        }
    }

    /// <summary>Logs that a collection of pacing failed.</summary>
    public void OnPacingFailed(Exception failure) => Log.PacingFailed(logger, cacheName, failure);

    /// <summary>Logs that the size of a value is estimated; one line for each type.</summary>
    public void OnEstimated(Type type)
    {
        if (_estimated.TryAdd(type, type))
        {
            Log.SizeEstimated(logger, cacheName, type);
        }
    }
}

/// <summary>
/// Decides which of many similar events is logged: the first of each type at once, then one per interval, with the
/// number of those in between. Code that fails for one entry often fails for millions.
/// </summary>
/// <remarks>Types are held weakly, so that their assemblies can be unloaded.</remarks>
internal sealed class LogThrottle(TimeProvider time)
{
    /// <summary>The minimum time between two lines on the same type.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ConditionalWeakTable<Type, Window> _windows = [];
    private readonly long _intervalTicks = (long)(Interval.TotalSeconds * time.TimestampFrequency);

    /// <summary>Whether to log an event now.</summary>
    /// <param name="type">The type that tells events of this kind apart.</param>
    /// <param name="unlogged">How many events of the type were not logged since the last line.</param>
    public bool TryPass(Type type, out long unlogged)
    {
        Window window = _windows.GetOrAdd(type, static _ => new Window());
        long? now = Now();
        lock (window)
        {
            if (window.WasLogged && (now is null || now - window.LoggedAt < _intervalTicks))
            {
                window.Unlogged++;
                unlogged = 0;
                return false;
            }

            unlogged = window.Unlogged;
            (window.WasLogged, window.LoggedAt, window.Unlogged) = (true, now ?? 0, 0);
            return true;
        }
    }

    /// <summary>
    /// Null where the clock, which is the application's, throws. Lines come from timers and threads of the cache's own,
    /// where an exception would end the process.
    /// </summary>
    [SuppressMessage("Design", "CA1031", Justification = "Then the first line of each kind is logged, and no other.")]
    private long? Now()
    {
        try
        {
            return time.GetTimestamp();
        }
        catch (Exception)
        {
            // The clock's. It is not logged: this is where lines are limited, and it may fail for each of them.
            return null;
        }
    }

    /// <summary>When an event of a type was last logged, and how many were not since.</summary>
    private sealed class Window
    {
        public bool WasLogged;
        public long LoggedAt;
        public long Unlogged;
    }
}
