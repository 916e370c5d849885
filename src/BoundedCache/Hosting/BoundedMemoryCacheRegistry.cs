using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using BoundedCache.Diagnostics;
using BoundedCache.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace BoundedCache;

/// <summary>
/// All the caches of a container that were registered with <c>AddBoundedMemoryCache</c> and
/// <c>AddKeyedBoundedMemoryCache</c>, by name. A singleton of the container; what lists or
/// administers caches asks for it.
/// </summary>
/// <remarks>
/// The caches are created together, when the first of them or the registry is asked for, in the order of their
/// registration, so that none is missing here because nobody has used it yet. An unused cache is a few kilobytes. They
/// are disposed with the container. Thread-safe: it never changes.
/// </remarks>
public sealed class BoundedMemoryCacheRegistry : IDisposable
{
    private readonly List<BoundedMemoryCache> _caches = [];
    private readonly Dictionary<string, BoundedMemoryCache> _byName = new(StringComparer.Ordinal);

    /// <exception cref="OptionsValidationException">
    /// Settings of a cache are not allowed, or two caches have the same name.
    /// </exception>
    internal BoundedMemoryCacheRegistry(
        IEnumerable<CacheRegistration> registrations,
        IOptionsMonitor<BoundedMemoryCacheOptions> validated,
        IOptionsFactory<BoundedMemoryCacheOptions> optionsFactory,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory)
    {
        // All options first: they are refused before anything exists. The monitor has those that were found
        // good when the host started.
        (CacheRegistration Registration, BoundedMemoryCacheOptions Options)[] wanted =
            [.. registrations.Select(registration => (registration, validated.Get(registration.OptionsName)))];
        ILogger logger = loggerFactory is null
            ? NullLogger.Instance
            : new ContainedLogger(loggerFactory.CreateLogger<BoundedMemoryCache>());
        try
        {
            foreach ((CacheRegistration registration, BoundedMemoryCacheOptions options) in wanted)
            {
                var cache = new BoundedMemoryCache(options, loggerFactory, meterFactory);
                _caches.Add(cache);
                _byName.Add(cache.Name, cache);
                Default = registration.Key is null ? cache : Default;
                ConfigurationReload.Attach(cache, registration, options, optionsFactory, logger);
                if (registration.Configuration is { } configuration && !configuration.GetChildren().Any())
                {
                    Log.SectionEmpty(logger, cache.Name, CacheSettings.PathOf(configuration));
                }
            }
        }
        catch
        {
            DisposeAll();
            throw;
        }
    }

    /// <summary>The names of the caches, in the order of their registration.</summary>
    public IReadOnlyList<string> Names => [.. _caches.Select(static cache => cache.Name)];

    /// <summary>The caches, in the order of their registration.</summary>
    public IReadOnlyList<BoundedMemoryCache> Caches => _caches.AsReadOnly();

    /// <summary>The cache that is <c>IMemoryCache</c> without a key; null where none was registered.</summary>
    internal BoundedMemoryCache? Default { get; }

    /// <summary>A cache of which it is known that it was registered.</summary>
    internal BoundedMemoryCache Get(string key) => _byName[key];

    /// <summary>Finds a cache.</summary>
    /// <param name="name">
    /// Its name: the key of a keyed cache, <see cref="BoundedMemoryCacheOptions.Name"/> of the other. Case matters.
    /// </param>
    /// <param name="cache">The cache, or null where there is none.</param>
    /// <returns>Whether there is a cache of that name.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    public bool TryGet(string name, [MaybeNullWhen(false)] out BoundedMemoryCache cache) =>
        _byName.TryGetValue(name, out cache);

    /// <summary>For the container, which does not know those caches that nobody asked it for.</summary>
    void IDisposable.Dispose() => DisposeAll();

    private void DisposeAll() => _caches.ForEach(static cache => cache.Dispose());
}
