using BoundedCache.AspNetCore.Access;
using BoundedCache.AspNetCore.Caches;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Events;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.MemoryReports;
using BoundedCache.AspNetCore.Pages;
using BoundedCache.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BoundedCache.AspNetCore;

/// <summary>
/// One mapped admin endpoint: creates its parts and connects them. The sampler runs from the host's start to its stop.
/// </summary>
internal sealed class CacheAdmin
{
    public CacheAdmin(IServiceProvider services, BoundedCacheAdminOptions options)
    {
        // Most of it is logged from timers and from tasks that nobody waits for.
        ILogger logger = services.GetService<ILoggerFactory>() is { } loggers
            ? new ContainedLogger(loggers.CreateLogger(Log.Category))
            : NullLogger.Instance;
        IHostApplicationLifetime? host = services.GetService<IHostApplicationLifetime>();
        CancellationToken stopping = host?.ApplicationStopping ?? CancellationToken.None;

        var directory = new CacheDirectory(services);
        var events = new EventHub();
        var shrinks = new ShrinkHistory(events, options.TimeProvider);
        var history = new ChangeHistory(events, options.TimeProvider);
        var service = ServiceView.From(services.GetService<IHostEnvironment>());
        var sampler = new Sampler(() => directory.All, shrinks, history, events, options, logger);
        var operations = new OperationList();
        var rate = new ReleaseRate(options.ReleasesPerMinute, options.TimeProvider);
        var changes = new CacheChanges(operations, shrinks, history, events, options.TimeProvider, logger);

        Gate = new AccessGate(new AccessRules(options), new RefusalLog(options.TimeProvider, logger), service.Instance);
        Caches = new CacheEndpoints(directory, shrinks, Gate, service, options);
        Contents = new ContentsEndpoint(directory, Gate, options);
        Changes = new ChangeEndpoints(directory, changes, operations, rate, options, stopping);
        Memory = new MemoryEndpoints(rate, history, logger);
        History = new HistoryEndpoint(sampler, shrinks, history, service, options);
        Stream = new StreamEndpoint(events, sampler, service);

        // Before the host has started there are no readers, and a program that only builds its
        // host should get no timer.
        host?.ApplicationStarted.Register(sampler.Start);
        stopping.Register(sampler.Stop);
        stopping.Register(events.End);
    }

    public AccessGate Gate { get; }

    public PageEndpoints Page { get; } = new();

    public CacheEndpoints Caches { get; }

    public ContentsEndpoint Contents { get; }

    public ChangeEndpoints Changes { get; }

    public MemoryEndpoints Memory { get; }

    public HistoryEndpoint History { get; }

    public StreamEndpoint Stream { get; }
}
