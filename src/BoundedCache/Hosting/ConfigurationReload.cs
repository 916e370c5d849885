using BoundedCache.Diagnostics;
using BoundedCache.Process;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BoundedCache.Hosting;

/// <summary>Applies changes of a configuration section to the limit of a running cache.</summary>
/// <remarks>
/// <para>
/// A change of the configuration starts a timer; all changes before it fires are applied together. The timer's thread
/// makes new options as at the start, with delegates and validation, and compares them with the last valid ones. So the
/// thread that reloads configuration never waits for a cache. The timer's thread does not wait for eviction and release
/// either. One run at a time: limits are set in the order in which they were read.
/// </para>
/// <para>
/// Ownership: the cache holds its reload and disposes it. Configuration and clocks outlive caches, so they hold only a
/// <see cref="Listener"/> and a timer, which hold the reload weakly.
/// </para>
/// </remarks>
internal sealed partial class ConfigurationReload : IDisposable
{
    /// <summary>The time for which changes are gathered before they are applied together.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly IBoundedCache _cache;
    private readonly Func<AcceptedSettings> _read;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _section;
    private readonly AcceptedSettings _start;
    private readonly Listener _listener;
    private WeakTimer<ConfigurationReload>? _timer;
    private AcceptedSettings _last;
    private string? _lastComplaint;
    private bool _isRunning;
    private bool _isStale;
    private volatile bool _isDisposed;

    internal ConfigurationReload(
        IBoundedCache cache,
        IConfiguration configuration,
        TimeProvider time,
        AcceptedSettings start,
        Func<AcceptedSettings> read,
        ILogger logger)
    {
        _cache = cache;
        _read = read;
        _time = time;
        _logger = logger;
        _section = CacheSettings.PathOf(configuration);
        _start = _last = start;
        _listener = new Listener(this);
    }

    private string Unit => _cache.GetSnapshot().Sizing.Unit;

    /// <summary>Makes a cache follow the section that its options were read from, until it is disposed.</summary>
    public static void Attach(
        BoundedMemoryCache cache,
        CacheRegistration registration,
        BoundedMemoryCacheOptions options,
        IOptionsFactory<BoundedMemoryCacheOptions> optionsFactory,
        ILogger logger)
    {
        if (registration.Configuration is not { } configuration || ConfiguredSource.Find(options) is not { } source)
        {
            return;
        }

        var reload = new ConfigurationReload(
            cache,
            configuration,
            options.TimeProvider,
            new AcceptedSettings(options),
            () => new AcceptedSettings(optionsFactory.Create(registration.OptionsName)),
            logger);
        cache.DisposeWithCache(reload);
        reload.Start(configuration, source);
    }

    /// <inheritdoc
    /// cref="Attach(BoundedMemoryCache, CacheRegistration, BoundedMemoryCacheOptions,
    /// IOptionsFactory{BoundedMemoryCacheOptions}, ILogger)"/>
    public static void Attach(
        BoundedByteCache cache,
        ByteCacheRegistration registration,
        BoundedByteCacheOptions options,
        IOptionsFactory<BoundedByteCacheOptions> optionsFactory,
        ILogger logger)
    {
        if (registration.Configuration is not { } configuration || ConfiguredSource.Find(options) is not { } source)
        {
            return;
        }

        var reload = new ConfigurationReload(
            cache,
            configuration,
            options.TimeProvider,
            new AcceptedSettings(options),
            () => new AcceptedSettings(optionsFactory.Create(registration.OptionsName)),
            logger);
        cache.DisposeWithCache(reload);
        reload.Start(configuration, source);
    }

    public void Dispose()
    {
        EveryStep.Run(Stop, _listener.Dispose);

        void Stop()
        {
            lock (_lock)
            {
                _isDisposed = true;
                StopTimer_NeedsLock();
            }
        }
    }

    internal void Start(IConfiguration configuration, ConfiguredSource source)
    {
        _listener.Listen(configuration);

        // The options may be older than the cache, which is made when it is first resolved.
        if (source.ReloadToken.HasChanged)
        {
            Schedule();
        }
    }

    private void Schedule()
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                _timer ??= new WeakTimer<ConfigurationReload>(
                    _time, this, static reload => reload.OnDue(), Delay, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>
    /// The configuration changed. An exception of the clock, which is the application's, would reach who reloads.
    /// </summary>
    private void OnChanged()
    {
        try
        {
            Schedule();
        }
#pragma warning disable CA1031 // It is logged, and the next change is scheduled anew.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Refuse(failure);
        }
    }

    private void StopTimer_NeedsLock()
    {
        // First of all: with a timer that is left here, no later change would be scheduled.
        (WeakTimer<ConfigurationReload>? timer, _timer) = (_timer, null);
        timer?.Stop();
    }

    private void OnDue()
    {
        lock (_lock)
        {
            StopTimer_NeedsLock();
            _isStale = true;
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        while (TakeStale())
        {
            Apply();
        }
    }

    /// <summary>
    /// Whether there is a change to apply. Takes the lock that <see cref="OnDue"/> takes, so no change is missed:
    /// either that method sees that no run is active, or this one sees the change.
    /// </summary>
    private bool TakeStale()
    {
        lock (_lock)
        {
            _isRunning = _isStale && !_isDisposed;
            _isStale = false;
            return _isRunning;
        }
    }

    private void Apply()
    {
        try
        {
            AcceptedSettings now = _read();
            if (now.Limit is null && _last.Limit is not null)
            {
                // A file that is being replaced looks like this. Returning to the default would empty the cache.
                Complain(_section, () =>
                    Log.MaxMemoryGone(_logger, _cache.Name, _section, _cache.MaxMemory, Unit));
                return;
            }

            _lastComplaint = null;
            AcceptedSettings before = _last;
            SetLimit(before, now);

            // Only now: a limit that could not be set is still a changed one at the next reload.
            _last = now;
            if (string.Join(", ", now.FindChanged(before, _start)) is { Length: > 0 } changed)
            {
                Log.RestartNeeded(_logger, _cache.Name, _section, changed);
            }
        }
        catch (ObjectDisposedException gone) when (gone.ObjectName == _cache.GetType().FullName)
        {
            // The cache is disposed, but its reload is not yet.
        }
#pragma warning disable CA1031 // Options run foreign code; an exception on a timer's thread would end the process.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Refuse(failure);
        }
    }

    private void Refuse(Exception failure)
    {
        // What the options need is often disposed together with the cache.
        if (!_isDisposed)
        {
            Complain(failure.Message, () =>
                Log.ReloadRefused(_logger, _cache.Name, _section, _cache.MaxMemory, Unit, failure.Message));
        }
    }

    /// <summary>
    /// Applies the limit only if its configured value has changed. It then overrides a limit that was set in another
    /// way.
    /// </summary>
    private void SetLimit(AcceptedSettings before, AcceptedSettings now)
    {
        long current = _cache.MaxMemory;
        if (now.Limit != before.Limit && now.MaxMemory != before.MaxMemory && now.MaxMemory != current)
        {
            Task shrink = _cache.SetMaxMemoryAsync(now.MaxMemory);
            Log.LimitReloaded(_logger, _cache.Name, _section, current, now.MaxMemory, Unit);
            _ = Observe(shrink);
        }
    }

    private async Task Observe(Task shrink)
    {
        try
        {
            await shrink.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The limit holds; only giving memory back failed, and nobody waits for it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Log.ReleaseFailed(_logger, _cache.Name, failure);
        }
    }

    /// <summary>Logs a fault once for as long as it lasts: a change of any file reloads every section.</summary>
    private void Complain(string complaint, Action log)
    {
        if (_lastComplaint != complaint)
        {
            _lastComplaint = complaint;
            log();
        }
    }
}
