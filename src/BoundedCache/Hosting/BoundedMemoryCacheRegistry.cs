using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using BoundedCache.Diagnostics;
using BoundedCache.Hosting;
using BoundedCache.Process;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace BoundedCache;

/// <summary>
/// All the caches of a container that were registered with <c>AddBoundedMemoryCache</c>,
/// <c>AddKeyedBoundedMemoryCache</c> and the same of <see cref="BoundedByteCache"/>, by name. A singleton of the
/// container, for code that lists or administers caches.
/// </summary>
/// <remarks>
/// The caches are created together when the container first resolves one of them or the registry: first the caches of
/// objects, then the byte caches, each kind in the order of its registration. So the registry also lists caches that
/// are not used yet. An unused cache takes little memory. The caches are disposed with the container. Thread-safe: it
/// never changes.
/// </remarks>
public sealed class BoundedMemoryCacheRegistry : IDisposable
{
    private readonly List<IBoundedCache> _caches = [];
    private readonly Dictionary<string, IBoundedCache> _byName = new(StringComparer.Ordinal);

    /// <summary>The caches that this registry made and disposes.</summary>
    private readonly List<IDisposable> _owned = [];

    /// <summary>
    /// Creates a registry of given caches, for tests and for applications without a container. It does not dispose
    /// them.
    /// </summary>
    /// <param name="caches">The caches; each needs a name of its own.</param>
    /// <exception cref="ArgumentNullException"><paramref name="caches"/> is null.</exception>
    /// <exception cref="ArgumentException">One of the caches is null, or two have the same name.</exception>
    public BoundedMemoryCacheRegistry(IEnumerable<IBoundedCache> caches)
    {
        ArgumentNullException.ThrowIfNull(caches);
        foreach (IBoundedCache? cache in caches)
        {
            if (cache is null)
            {
                throw new ArgumentException("Expected caches, got a null among them.", nameof(caches));
            }

            if (!_byName.TryAdd(cache.Name, cache))
            {
                throw new ArgumentException(
                    $"Expected caches with different names, got two with the name '{cache.Name}'.", nameof(caches));
            }

            _caches.Add(cache);
        }
    }

    /// <summary>Creates the caches that were registered.</summary>
    /// <exception cref="OptionsValidationException">
    /// Settings of a cache are not allowed, or two caches have the same name.
    /// </exception>
    internal BoundedMemoryCacheRegistry(
        IEnumerable<CacheRegistration> registrations,
        IOptionsMonitor<BoundedMemoryCacheOptions> validated,
        IOptionsFactory<BoundedMemoryCacheOptions> optionsFactory,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory,
        ByteCacheSources? bytes = null)
    {
        // Options first: faulty ones throw before any cache exists. The monitor holds the options that were valid when
        // the host started.
        (CacheRegistration Registration, BoundedMemoryCacheOptions Options)[] wanted =
            [.. registrations.Select(registration => (registration, validated.Get(registration.OptionsName)))];
        bytes?.Validate();
        ILogger logger = loggerFactory is null
            ? NullLogger.Instance
            : new ContainedLogger(loggerFactory.CreateLogger<BoundedMemoryCache>());
        try
        {
            foreach ((CacheRegistration registration, BoundedMemoryCacheOptions options) in wanted)
            {
                var cache = new BoundedMemoryCache(options, loggerFactory, meterFactory);
                _owned.Add(cache);
                _caches.Add(cache);
                _byName.Add(cache.Name, cache);
                Default = registration.Key is null ? cache : Default;
                ConfigurationReload.Attach(cache, registration, options, optionsFactory, logger);
                if (registration.Configuration is { } configuration && !configuration.GetChildren().Any())
                {
                    Log.SectionEmpty(logger, cache.Name, CacheSettings.PathOf(configuration));
                }
            }

            foreach (BoundedByteCache cache in bytes?.Make(loggerFactory, meterFactory) ?? [])
            {
                _owned.Add(cache);
                _caches.Add(cache);
                _byName.Add(cache.Name, cache);
            }
        }
        catch
        {
            DisposeAll();
            throw;
        }
    }

    /// <summary>The names of the caches, in the order of <see cref="Caches"/>.</summary>
    public IReadOnlyList<string> Names => [.. _caches.Select(static cache => cache.Name)];

    /// <summary>
    /// The caches: those of objects, then the byte caches, each kind in the order of its registration; or as they were
    /// given.
    /// </summary>
    public IReadOnlyList<IBoundedCache> Caches => _caches.AsReadOnly();

    /// <summary>The cache that is <c>IMemoryCache</c> without a key; null where none was registered.</summary>
    internal BoundedMemoryCache? Default { get; }

    /// <summary>The cache that was registered under a key.</summary>
    internal BoundedMemoryCache Get(string key) => (BoundedMemoryCache)_byName[key];

    /// <summary>The byte cache that was registered under a key.</summary>
    internal BoundedByteCache GetBytes(string key) => (BoundedByteCache)_byName[key];

    /// <summary>Finds a cache.</summary>
    /// <param name="name">
    /// Its name: the key of a keyed cache, <see cref="BoundedMemoryCacheOptions.Name"/> of the other. Case matters.
    /// </param>
    /// <param name="cache">The cache, or null where there is none.</param>
    /// <returns>Whether there is a cache of that name.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    public bool TryGet(string name, [MaybeNullWhen(false)] out IBoundedCache cache) =>
        _byName.TryGetValue(name, out cache);

    /// <summary>
    /// Disposes the caches that the registry made: the container does not know a cache that it never resolved.
    /// </summary>
    void IDisposable.Dispose() => DisposeAll();

    private void DisposeAll() => EveryStep.Run([.. _owned.Select(static cache => (Action)cache.Dispose)]);
}
