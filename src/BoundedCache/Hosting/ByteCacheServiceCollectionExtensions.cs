using BoundedCache;
using BoundedCache.Hosting;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registration of <see cref="BoundedByteCache"/>, alone and as a distributed cache.</summary>
/// <remarks>
/// Byte caches have a key, which is their name and the name of their <see cref="BoundedByteCacheOptions"/>. What
/// <see cref="BoundedMemoryCacheServiceCollectionExtensions"/> says of settings, reload, logs, metrics and disposal
/// holds for them too, and they are in the same <see cref="BoundedMemoryCacheRegistry"/>.
/// </remarks>
public static class BoundedByteCacheServiceCollectionExtensions
{
    /// <summary>The key and name of the cache behind <see cref="IDistributedCache"/> without a key.</summary>
    private const string DistributedKey = "distributed-cache";

    /// <summary>What makes our distributed caches. By these a registration is known to be ours.</summary>
    private static readonly Func<IServiceProvider, IDistributedCache> s_distributed = static provider =>
        new ByteDistributedCache(provider.GetRequiredKeyedService<BoundedByteCache>(DistributedKey));

    private static readonly Func<IServiceProvider, object?, IDistributedCache> s_keyedDistributed =
        static (provider, key) => new ByteDistributedCache(provider.GetRequiredKeyedService<BoundedByteCache>(key));

    private const string MemoryDistributedCache = "Microsoft.Extensions.Caching.Distributed.MemoryDistributedCache";

    /// <summary>
    /// Registers a <see cref="BoundedByteCache"/> under a service key, which is also its name. A second call with the
    /// same name replaces the first.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The key and name, not empty. No two caches of a container may have the same.</param>
    /// <param name="configure">Changes the default settings; null for the defaults.</param>
    /// <param name="configuration">
    /// The cache's own section, read before <paramref name="configure"/>; null for none. Its keys are the names of the
    /// properties of <see cref="BoundedByteCacheOptions"/>. A changed MaxMemory resizes the running cache.
    /// </param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="services"/> or <paramref name="name"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty or white space.</exception>
    public static IServiceCollection AddKeyedBoundedByteCache(
        this IServiceCollection services,
        string name,
        Action<BoundedByteCacheOptions>? configure = null,
        IConfiguration? configuration = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        services.RemoveAllKeyed<BoundedByteCache>(name);
        RemoveOurs(services, name);
        services.AddSingleton(new ByteCacheRegistration(name, configuration, configure));
        services.AddOptions<BoundedByteCacheOptions>(name).ValidateOnStart();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IConfigureOptions<BoundedByteCacheOptions>, ByteCacheOptionsSetup>());
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<BoundedByteCacheOptions>, ByteCacheOptionsSetup>());
        services.TryAddSingleton<ByteCacheSources>();
        BoundedMemoryCacheServiceCollectionExtensions.AddRegistry(services);
        services.AddKeyedSingleton(name, static (provider, key) =>
            provider.GetRequiredService<BoundedMemoryCacheRegistry>().GetBytes((string)key!));
        return services;
    }

    /// <summary>
    /// Registers a byte cache of the name <c>distributed-cache</c> as <see cref="IDistributedCache"/>, which is also an
    /// <see cref="IBufferDistributedCache"/>. It takes the place of <c>MemoryDistributedCache</c>; a later
    /// <c>AddDistributedMemoryCache()</c> changes nothing. A second call replaces the first.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the default settings; null for the defaults.</param>
    /// <param name="configuration">The cache's own section, read first; null for none.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another distributed cache is registered, such as Redis: an application that shares a cache with other processes
    /// would stop sharing it.
    /// </exception>
    public static IServiceCollection AddBoundedDistributedCache(
        this IServiceCollection services,
        Action<BoundedByteCacheOptions>? configure = null,
        IConfiguration? configuration = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ReplaceDistributed(
            services,
            nameof(AddBoundedDistributedCache),
            key: null,
            static service => service.ImplementationFactory == s_distributed,
            "Remove that registration, or call AddKeyedBoundedDistributedCache(key) and ask for it by its key.");
        services.AddKeyedBoundedByteCache(DistributedKey, configure, configuration);
        services.AddSingleton<IDistributedCache>(s_distributed);
        return services;
    }

    /// <summary>
    /// Registers a byte cache as <see cref="IDistributedCache"/> under a service key, which is also its name, beside
    /// any other distributed cache.
    /// </summary>
    /// <inheritdoc
    /// cref="AddKeyedBoundedByteCache(IServiceCollection, string, Action{BoundedByteCacheOptions}?, IConfiguration?)"/>
    /// <exception cref="InvalidOperationException">
    /// Another distributed cache is registered under this key, such as Redis.
    /// </exception>
    public static IServiceCollection AddKeyedBoundedDistributedCache(
        this IServiceCollection services,
        string name,
        Action<BoundedByteCacheOptions>? configure = null,
        IConfiguration? configuration = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ReplaceDistributed(
            services,
            nameof(AddKeyedBoundedDistributedCache),
            name,
            static service => service.KeyedImplementationFactory == s_keyedDistributed,
            "Remove that registration, or choose another key.");
        services.AddKeyedBoundedByteCache(name, configure, configuration);
        services.AddKeyedSingleton<IDistributedCache>(name, s_keyedDistributed);
        return services;
    }

    /// <summary>
    /// The method that registered a distributed cache without a key whose values stay in this process; null where
    /// another one is, or only a factory knows.
    /// </summary>
    internal static string? MethodOfProcessLocal(ServiceDescriptor service) =>
        service.ImplementationFactory == s_distributed ? nameof(AddBoundedDistributedCache)
            : TypeOf(service)?.FullName == MemoryDistributedCache ? "AddDistributedMemoryCache"
            : null;

    /// <summary>Removes what may be replaced: what this class registered, and MemoryDistributedCache.</summary>
    /// <exception cref="InvalidOperationException">Another cache is there.</exception>
    private static void ReplaceDistributed(
        IServiceCollection services, string method, string? key, Func<ServiceDescriptor, bool> isOurs, string advice)
    {
        ServiceDescriptor[] there =
        [
            .. services.Where(service =>
                service.ServiceType == typeof(IDistributedCache) && Equals(service.ServiceKey, key)),
        ];
        if (Array.Find(there, service => !isOurs(service) && TypeOf(service)?.FullName != MemoryDistributedCache)
            is { } other)
        {
            throw new InvalidOperationException(
                $"{method}: expected no distributed cache or MemoryDistributedCache"
                + (key is null ? "" : $" under the key '{key}'")
                + $", got {TypeOf(other)?.Name ?? "one made by a factory"}. "
                + $"A byte cache is not shared with other processes. {advice}");
        }

        Array.ForEach(there, service => services.Remove(service));
    }

    private static void RemoveOurs(IServiceCollection services, string key)
    {
        for (int i = services.Count - 1; i >= 0; i--)
        {
            if (!services[i].IsKeyedService
                && services[i].ImplementationInstance is ByteCacheRegistration registration && registration.Key == key)
            {
                services.RemoveAt(i);
            }
        }
    }

    private static Type? TypeOf(ServiceDescriptor service) => service.IsKeyedService
        ? service.KeyedImplementationType ?? service.KeyedImplementationInstance?.GetType()
        : service.ImplementationType ?? service.ImplementationInstance?.GetType();
}
